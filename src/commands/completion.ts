/** What a shell may offer after the words so far. */
import { SeraError } from '../errors.js'
import { takeWords } from './argv.js'
import { FLAGS, type Flag, flagsOf } from './flags.js'
import { parser } from './parse-flags.js'
import { choicesOf, isVariable } from './subcommand-line.js'
import { findSubcommand, SUBCOMMANDS, type Subcommand } from './subcommands.js'

/** Prints the completion script for the shell that $SHELL names. */
export function printCompletionScript(): void {
  parser([], FLAGS).completion('completion', false).showCompletionScript()
}

/** One a line; nothing where the shell knows better what a command takes. The last of the words is being typed. */
export function completions([, ...words]: readonly string[]): string {
  const typed = words.at(-1) ?? ''
  try {
    const offers = offersAfter(words.slice(0, -1), typed).filter(offer => offer.startsWith(typed))
    return offers.map(offer => `${offer}\n`).join('')
  } catch (error) {
    if (error instanceof SeraError) return '' // a flag's value is being typed, or nothing that sera knows
    throw error
  }
}

function offersAfter(words: readonly string[], typed: string): string[] {
  const {
    words: [first],
    rest,
    literal,
  } = takeWords(words, 1)
  if (first === undefined) return typed.startsWith('-') ? spelled(FLAGS) : NAMES
  const subcommand = findSubcommand(first)
  return subcommand ? offersWithin(subcommand, rest, typed, literal) : []
}

const NAMES = [...SUBCOMMANDS.map(({ name }) => name), 'completion', 'help', 'version']

function offersWithin(
  { forms, omitted = {} }: Subcommand,
  rest: readonly string[],
  typed: string,
  literal: boolean,
): string[] {
  const own = takeWords(rest, forms[0]?.words.length ?? 0, { literal, omitted })
  if (own.rest.length > 0) return []
  if (typed.startsWith('-') && !own.literal) return spelled(flagsOf(forms.map(({ name }) => name)))
  const next = new Set(forms.map(({ words }) => words[own.words.length] ?? '<>'))
  return [...next].filter(word => !isVariable(word)).flatMap(choicesOf)
}

function spelled(flags: readonly Flag[]): string[] {
  return flags.map(({ name }) => `--${name}`)
}
