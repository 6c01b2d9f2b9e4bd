/** Parses flags with yargs. This file is loaded only if there is a flag. */
import yargs, { type Argv, type Options } from 'yargs'
import { formatDuration } from '../../config/duration.js'
import { SeraError } from '../../errors.js'
import type { Flag } from './flag.js'
import { FLAGS, type FlagValues } from './flags.js'

/** @throws SeraError usage */
export function parseFlags(words: readonly string[]): FlagValues {
  const parsed = parser([...words], FLAGS)
    .fail((message, error) => {
      throw error ?? new SeraError('usage', `${message.replace(/\s*\n\s*/g, ' ')}; see sera --help`)
    })
    .parseSync()
  return Object.fromEntries(
    FLAGS.flatMap(flag => (flag.name in parsed ? [[flag.name, given(flag, parsed[flag.name])]] : [])),
  )
}

/** A parser that knows these flags. */
export function parser(words: string[], flags: readonly Flag[]): Argv {
  const groups = [...new Set(flags.map(flag => flag.group))]
  const described = withOptions(words, flags)
  for (const group of groups) {
    described.group(
      flags.filter(flag => flag.group === group).map(flag => flag.name),
      `${group}:`,
    )
  }
  return described
}

function withOptions(words: string[], flags: readonly Flag[]): Argv {
  const plain = yargs(words) as Argv & { usageConfiguration(options: { 'hide-types': boolean }): Argv }
  return plain
    .usageConfiguration({ 'hide-types': true })
    .scriptName('sera')
    .parserConfiguration({ 'camel-case-expansion': false, 'boolean-negation': false, 'dot-notation': false })
    .help(false)
    .version(false)
    .options(Object.fromEntries(flags.map(flag => [flag.name, optionOf(flag)])))
    .strict()
    .exitProcess(false)
    .locale('en')
}

function optionOf(flag: Flag): Options {
  return {
    describe: flag.value ? `${flag.value}: ${flag.describe}${shownDefault(flag)}` : flag.describe,
    ...(flag.short ? { alias: flag.short } : {}),
    ...(flag.value ? { type: 'string', requiresArg: true } : { type: 'boolean' }),
  }
}

/** A default of 0 or Infinity is not shown; the help text of the flag says what it means. */
function shownDefault({ otherwise, unit }: Flag): string {
  if (typeof otherwise === 'string') return ` [${otherwise}]`
  if (typeof otherwise !== 'number' || otherwise === 0 || otherwise === Number.POSITIVE_INFINITY) return ''
  return ` [${unit ? formatDuration(otherwise) : otherwise}]`
}

/** yargs makes a list of a flag that is given twice. The last value counts, unless the flag `repeats`. */
function given({ repeats }: Flag, value: unknown): string | boolean {
  if (!Array.isArray(value)) return value as string | boolean
  return repeats ? value.join(',') : value.at(-1)
}
