/** Reads argv: the result is a form of the command line to run, or a question about sera itself. */
import { SeraError } from '../../errors.js'
import type { Question } from './built-in.js'
import type { Form, FormName } from './command-table.js'
import type { FlagValues } from './flags.js'
import { type CommandLine, splitCommandLine } from './split-argv.js'

/** What a form needs, as its entry in the command table declares it. */
export interface Needs extends Pick<Form, 'wraps' | 'settings' | 'data' | 'atOnce'> {
  name: FormName | 'lock name'
}

export interface Invocation {
  kind: 'run'
  form: Needs
  flags: FlagValues
  words: readonly string[]
  /** Of a form with a `<wait>`. */
  wait: string | undefined
  /** Of a form that wraps a command. */
  command: readonly string[]
  /** The subcommand with its words, without flags. */
  typed: readonly string[]
}

const CLASSIC: Needs = { name: 'classic', wraps: true }
/** `--print-lock-name`. */
const LOCK_NAME: Needs = { name: 'lock name', wraps: true, settings: 'offline', data: true }

/** @throws SeraError usage */
export async function readCommandLine(argv: readonly string[]): Promise<Invocation | Question> {
  refuseBrokenText(argv)
  if (argv[0] === '--get-yargs-completions') return { kind: 'question', about: 'offers', words: argv.slice(1) }
  const line = splitCommandLine(argv)
  if (line.kind === 'subcommand') return await readSubcommand(line)
  const flags = await readFlags(line.flags)
  const question = questionOf(flags)
  if (question) return question
  if (line.kind === 'bare')
    throw new SeraError('usage', 'no command; usage: sera [flags] [--] <wait> <command> [args…], see sera --help')
  const form = flags['print-lock-name'] === true ? LOCK_NAME : CLASSIC
  return { ...line, kind: 'run', form, flags, words: [], typed: [] }
}

async function readSubcommand(line: CommandLine & { kind: 'subcommand' }): Promise<Invocation | Question> {
  const [name = '', ...words] = line.words
  const { builtInNamed, builtInQuestion } = await import('./built-in.js')
  const builtIn = builtInNamed(name)
  if (builtIn) return builtInQuestion(builtIn, words)
  const split = (await import('./split-subcommand.js')).splitSubcommand(line)
  const flags = await readFlags(split.flags)
  if (split.kind === 'question') return questionOf(flags, name) as Question
  return { ...split, flags, typed: ['sera', name, ...split.words] }
}

function questionOf({ help, version, json }: FlagValues, ...words: string[]): Question | undefined {
  if (help === true) return { kind: 'question', about: 'help', words }
  return version === true ? { kind: 'question', about: 'version', words: json === true ? ['json'] : [] } : undefined
}

async function readFlags(flags: readonly string[]): Promise<FlagValues> {
  if (flags.length === 0) return {}
  return (await import('./parse-flags.js')).parseFlags(flags)
}

/** Node and Bun replace bytes that are not UTF-8, so the command would get other arguments than the user typed. */
function refuseBrokenText(argv: readonly string[]): void {
  if (argv.some(word => word.includes('\uFFFD'))) {
    throw new SeraError('usage', 'an argument is not UTF-8, so sera cannot pass it on; put it into a script')
  }
}
