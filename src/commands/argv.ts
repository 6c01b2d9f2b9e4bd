/**
 * Cuts argv where sera's own words end and the command's begin. A pure function of words; nothing after `<wait>` is looked
 * at, so that every argument reaches the command as it was typed.
 *
 * The original is a Go program: one dash means a long flag too (`-wait-and-skip`), `--flag=value` and `--flag value` are
 * the same, flags end at the first other word or at `--`.
 */
import { SeraError } from '../errors.js'
import { findFlag } from './flags.js'

export type CommandLine =
  | { kind: 'classic'; flags: string[]; wait: string; command: string[] }
  | { kind: 'subcommand'; flags: string[]; words: string[] }
  /** Only flags: `sera`, `sera --help`. */
  | { kind: 'bare'; flags: string[] }

/** @throws SeraError usage */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const flags: string[] = []
  let at = 0
  while (at < argv.length) {
    const word = argv[at] as string
    if (word === '--') {
      at++
      break
    }
    if (!word.startsWith('-') || meansWait(word)) break
    const { words, flag } = readFlag(argv, at)
    flags.push(flag)
    at += words
  }
  const [first, ...rest] = argv.slice(at)
  if (first === undefined) return { kind: 'bare', flags }
  if (!meansWait(first)) return { kind: 'subcommand', flags, words: [first, ...rest] }
  return { kind: 'classic', flags, wait: first, command: commandOf(rest) }
}

/** A word that begins with a digit, a point, or a sign and a digit is meant as `<wait>`, well-formed or not. */
function meansWait(word: string): boolean {
  return /^([\d.]|[+-]\d)/.test(word) || word === 'forever'
}

/** The flag at `at`, spelled `--name` or `--name=value`, and how many words it took. */
function readFlag(argv: readonly string[], at: number): { words: number; flag: string } {
  const word = argv[at] as string
  const [spelled = '', ...value] = word.replace(/^--?/, '').split('=')
  const flag = findFlag(spelled)
  if (!flag) throw new SeraError('usage', `unknown flag ${word}; see sera --help`)
  if (!flag.value) return { words: 1, flag: `--${flag.name}=${switchValue(word, value)}` }
  if (value.length > 0) return { words: 1, flag: `--${flag.name}=${value.join('=')}` }
  const next = argv[at + 1]
  if (next === undefined) throw new SeraError('usage', `${word} needs a value (${flag.value}); see sera --help`)
  return { words: 2, flag: `--${flag.name}=${next}` }
}

function switchValue(word: string, value: string[]): string {
  const text = value.length === 0 ? 'true' : value.join('=').toLowerCase()
  if (text !== 'true' && text !== 'false')
    throw new SeraError('usage', `${word}: a switch takes no value but true or false`)
  return text
}

function commandOf(words: string[]): string[] {
  const command = words[0] === '--' ? words.slice(1) : words
  const [name] = command
  if (name === undefined)
    throw new SeraError('usage', 'no command after <wait>; usage: sera [flags] [--] <wait> <command> [args…]')
  if (name === '') throw new SeraError('usage', 'the command is empty; is a variable unset?')
  if (name.startsWith('-')) {
    throw new SeraError('usage', `${name} stands where the command should be; flags of sera go before <wait>`)
  }
  return command
}
