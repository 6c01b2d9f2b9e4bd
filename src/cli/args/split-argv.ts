/**
 * Splits argv into sera's own words and the command. It never looks at a word after `<wait>`, so every argument reaches
 * the command as the user typed it.
 *
 * The rules are those of the original, a Go program: one dash is enough for a long flag (`-wait-and-skip`),
 * `--flag=value` and `--flag value` are the same, and flags end at the first other word or at `--`.
 */
import { nearest } from '../../config/nearest.js'
import { SeraError } from '../../errors.js'
import type { Subcommand } from './command-table.js'
import { FLAGS, findFlag, refuseOthers } from './flags.js'

export type CommandLine =
  | { kind: 'classic'; flags: string[]; wait: string; command: string[] }
  /** `split-subcommand.ts` splits it further. `literal`: a `--` came before it, so none of its words is a flag. */
  | { kind: 'subcommand'; flags: string[]; words: string[]; literal: boolean }
  /** Only flags: `sera`, `sera --help`. */
  | { kind: 'bare'; flags: string[] }

const USAGE = 'sera [flags] [--] <wait> <command> [args…]'

/** @throws SeraError usage */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const { flags, literal, rest: words } = takeWords(argv, 0)
  const [first, ...rest] = words
  if (first === undefined) return { kind: 'bare', flags }
  if (!meansWait(first)) return { kind: 'subcommand', flags, words, literal }
  refuseOthers(flags, 'classic', 'sera <wait> <command…>', 'sera --help')
  return { kind: 'classic', flags, wait: first, command: commandOf(rest, USAGE) }
}

export interface Taken {
  words: string[]
  flags: string[]
  /** A `--` ended the flags. */
  literal: boolean
  /** That `--` came after the last of the words. */
  dashed: boolean
  rest: string[]
}

/** The first `count` words that are not flags, the flags between them, and the rest. */
export function takeWords(
  argv: readonly string[],
  count: number,
  { literal = false, omitted = {} }: Pick<Partial<Taken>, 'literal'> & Pick<Subcommand, 'omitted'> = {},
): Taken {
  const taken: Taken = { words: [], flags: [], literal, dashed: false, rest: [] }
  let at = 0
  while (at < argv.length) {
    const word = argv[at] as string
    if (!taken.literal && word === '--') {
      taken.literal = true
      taken.dashed = taken.words.length === count
      at++
    } else if (!taken.literal && isFlag(word)) {
      const { words, flag } = readFlag(argv, at, omitted)
      taken.flags.push(flag)
      at += words
    } else if (taken.words.length < count) {
      taken.words.push(word)
      at++
    } else break
  }
  taken.rest = argv.slice(at)
  return taken
}

/**
 * A word that starts with a digit, a point, or a sign and a digit is taken for a number or `<wait>`, also if it is
 * malformed.
 */
export function meansWait(word: string): boolean {
  return /^([\d.]|[+-]\d)/.test(word) || word === 'forever'
}

function isFlag(word: string): boolean {
  return word.startsWith('-') && !meansWait(word)
}

/** The flag at `at` as `--name=value`, and how many words it takes. */
function readFlag(
  argv: readonly string[],
  at: number,
  omitted: NonNullable<Subcommand['omitted']>,
): { words: number; flag: string } {
  const word = argv[at] as string
  const [spelled = '', ...value] = word.replace(/^--?/, '').split('=')
  const flag = findFlag(spelled)
  if (!flag) throw unknown(word, spelled)
  if (!flag.value) return { words: 1, flag: `--${flag.name}=${switchValue(word, value)}` }
  if (value.length > 0) return { words: 1, flag: `--${flag.name}=${value.join('=')}` }
  const next = argv[at + 1]
  const meant = omitted[flag.name]
  if (meant !== undefined && (next === undefined || !meansWait(next)))
    return { words: 1, flag: `--${flag.name}=${meant}` }
  if (next === undefined) throw new SeraError('usage', `${word} needs a value (${flag.value}); see sera --help`)
  return { words: 2, flag: `--${flag.name}=${next}` }
}

function unknown(word: string, spelled: string): SeraError {
  const names = FLAGS.map(({ name }) => name)
  const meant = nearest(spelled, names)
  return new SeraError('usage', `unknown flag ${word}; ${meant ? `did you mean --${meant}?` : 'see sera --help'}`)
}

/** The values of a switch that Go's flag package accepts, and so the original. */
const SWITCH_VALUES: Readonly<Record<string, readonly string[]>> = {
  true: ['1', 't', 'T', 'true', 'TRUE', 'True'],
  false: ['0', 'f', 'F', 'false', 'FALSE', 'False'],
}

function switchValue(word: string, value: string[]): string {
  const text = value.length === 0 ? 'true' : value.join('=')
  const meant = Object.keys(SWITCH_VALUES).find(name => SWITCH_VALUES[name]?.includes(text))
  if (meant === undefined) throw new SeraError('usage', `${word}: the value must be true or false (also t, f, 1, 0)`)
  return meant
}

/** The command after `<wait>` or another `marker`. @throws SeraError usage */
export function commandOf(words: string[], usage: string, marker = '<wait>'): string[] {
  const command = words[0] === '--' ? words.slice(1) : words
  const [name] = command
  if (name === undefined) throw new SeraError('usage', `no command after ${marker}; usage: ${usage}`)
  if (name === '') throw new SeraError('usage', 'the command is empty; is a variable unset?')
  if (name.startsWith('-')) {
    throw new SeraError('usage', `expected a command after ${marker}, got ${name}; put flags of sera before ${marker}`)
  }
  return command
}
