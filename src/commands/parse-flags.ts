/** Flags, help and completion by yargs, which is loaded only when there is a flag. */
import yargs, { type Argv, type Options } from 'yargs'
import { SeraError } from '../errors.js'
import { EXIT_CODES } from '../outcome.js'
import { splitCommandLine } from './argv.js'
import { FLAGS, type Flag, type FlagValues } from './flags.js'

/** @throws SeraError usage */
export function parseFlags(words: readonly string[]): FlagValues {
  const parsed = parser([...words])
    .fail((message, error) => {
      throw error ?? new SeraError('usage', `${message.replace(/\s*\n\s*/g, ' ')}; see sera --help`)
    })
    .parseSync()
  return Object.fromEntries(FLAGS.flatMap(({ name }) => (name in parsed ? [[name, last(parsed[name])]] : [])))
}

/** The whole help text, exit codes included. */
export async function helpText(columns: number): Promise<string> {
  const flags = await parser([]).wrap(Math.min(100, columns)).getHelp()
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => `  ${code}  ${meaning}\n`)
  return `${USAGE}\n${flags.trimStart()}\n\nExit codes: the command's own (128+n when signal n ended it), or\n${codes.join('')}`
}

/** Prints the completion script for the shell that $SHELL names. */
export function printCompletionScript(): void {
  parser([]).completion('completion', false).showCompletionScript()
}

const SUBCOMMANDS = ['embedded', 'completion', 'help', 'version']

/** What may follow the words so far, one a line; nothing where the shell knows better what a command takes. */
export async function completions([, ...words]: readonly string[]): Promise<string> {
  const line = splitCommandLine([...words.slice(0, -1), 'next'])
  const offered =
    line.kind === 'classic' ? [] : await offersFor(line.kind === 'subcommand' ? line.words : ['next'], words)
  return offered.map(word => `${word}\n`).join('')
}

async function offersFor([subcommand = '', ...more]: string[], words: readonly string[]): Promise<string[]> {
  if (more.length > 0) return subcommand === 'embedded' ? ['start', 'stop', 'status'] : []
  const flags = await parser([])
    .completion('completion', false)
    .getCompletion(['sera', ...words])
  return [...SUBCOMMANDS, ...flags.filter(flag => !/^--?[a-zA-Z]$/.test(flag))]
}

function parser(words: string[]): Argv {
  const groups = [...new Set(FLAGS.map(flag => flag.group))]
  const described = parserWith(words)
  for (const group of groups) {
    described.group(
      FLAGS.filter(flag => flag.group === group).map(flag => flag.name),
      `${group}:`,
    )
  }
  return described
}

function parserWith(words: string[]): Argv {
  const described = yargs(words) as Argv & { usageConfiguration(options: { 'hide-types': boolean }): Argv }
  return described
    .usageConfiguration({ 'hide-types': true })
    .scriptName('sera')
    .parserConfiguration({ 'camel-case-expansion': false, 'boolean-negation': false, 'dot-notation': false })
    .help(false)
    .version(false)
    .options(Object.fromEntries(FLAGS.map((flag: Flag) => [flag.name, optionOf(flag)])))
    .strict()
    .exitProcess(false)
    .locale('en')
}

function optionOf(flag: Flag): Options {
  return {
    describe: flag.value ? `${flag.value}: ${flag.describe}` : flag.describe,
    ...(flag.short ? { alias: flag.short } : {}),
    ...(flag.value ? { type: 'string', requiresArg: true } : { type: 'boolean' }),
  }
}

/** A flag given twice is a list to yargs; the last one counts. */
function last(value: unknown): string | boolean {
  return Array.isArray(value) ? value.at(-1) : (value as string | boolean)
}

const USAGE = `Usage: sera [flags] [--] <wait> <command> [args…]
       sera embedded start|stop|status
       sera completion

Runs a command on a cluster only when it is that command's turn. <wait> is how
long to wait for the lock: seconds, or 500ms, 90s, 5m, 1h30m, forever.

Examples:
  sera 90 autoexec.sh                        every host runs it, one after the other
  sera 0 backup.sh                           one host runs it, the others give up (204)
  sera --wait-and-skip -- 30 migrate.sh      one host runs it, the others wait and skip
  sera --server embedded 5 echo hello        try it without a database
`
