/**
 * The one table of flags. The splitter, yargs, help, completion and the types of the options read it. Parsing applies no
 * defaults: the options (`options.ts`) and the settings (`src/config`) do.
 */
import { SeraError } from '../../errors.js'
import type { FormName } from './command-table.js'
import type { Flag } from './flag.js'
import { RUN_FLAGS } from './run-flags.js'
import { SETUP_FLAGS } from './setup-flags.js'

export const FLAGS = [...RUN_FLAGS, ...SETUP_FLAGS] as const satisfies readonly Flag[]

type FlagName = (typeof FLAGS)[number]['name']

/** Flags as typed: a switch is true or false, a value is text. Of a repeated flag, the last one counts. */
export type FlagValues = Partial<Record<FlagName, string | boolean>>

export function findFlag(word: string): Flag | undefined {
  const flags: readonly Flag[] = FLAGS
  return flags.find(flag => flag.name === word || flag.short === word)
}

/** @param usage how the form is written @throws SeraError usage for the first flag that the form does not accept */
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
