/**
 * The one table of flags: the splitter, yargs, help, completion and the types of the options read it. A flag's value is
 * absent until the options (`options.ts`) or the settings (`src/config`) put what it is `otherwise`.
 */
import { SeraError } from '../../errors.js'
import type { FormName } from './command-table.js'
import type { Flag } from './flag.js'
import { RUN_FLAGS } from './run-flags.js'
import { SETUP_FLAGS } from './setup-flags.js'

export const FLAGS = [...RUN_FLAGS, ...SETUP_FLAGS] as const satisfies readonly Flag[]

type FlagName = (typeof FLAGS)[number]['name']

/** Flags as given, raw: a switch is true or false, a value is text. The last one counts. */
export type FlagValues = Partial<Record<FlagName, string | boolean>>

export function findFlag(word: string): Flag | undefined {
  const flags: readonly Flag[] = FLAGS
  return flags.find(flag => flag.name === word || flag.short === word)
}

/** @throws SeraError usage, naming the first flag that does not go with the form; `usage` is how that form is written */
export function refuseOthers(flags: readonly string[], form: FormName, usage: string, help: string): void {
  for (const spelled of flags) {
    const name = /^--([^=]+)/.exec(spelled)?.[1] ?? ''
    const forms = findFlag(name)?.with
    if (forms && !forms.includes(form)) {
      throw new SeraError('usage', `--${name} cannot be used with ${usage}; see ${help}`)
    }
  }
}

export function flagsOf(forms: readonly FormName[]): Flag[] {
  const flags: readonly Flag[] = FLAGS
  return flags.filter(flag => !flag.with || flag.with.some(form => forms.includes(form)))
}
