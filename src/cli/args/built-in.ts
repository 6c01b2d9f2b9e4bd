/** The questions about sera itself: `sera help`, `sera version`, `sera completion`. Each takes at most one argument. */
import { nearest } from '../../config/nearest.js'
import { SeraError } from '../../errors.js'
import { SUBCOMMANDS } from './command-table.js'

export const BUILT_IN = ['completion', 'help', 'version'] as const

export type BuiltIn = (typeof BUILT_IN)[number]

/** sera answers with text on stdout, and reads no settings for it. */
export interface Question {
  kind: 'question'
  about: BuiltIn | 'offers'
  words: readonly string[]
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** The arguments that the question accepts. */
export function choicesOfBuiltIn(name: BuiltIn): readonly string[] {
  switch (name) {
    case 'completion':
      return SHELLS
    case 'help':
      return [...SUBCOMMANDS.map(subcommand => subcommand.name), ...BUILT_IN]
    case 'version':
      return []
  }
}

export function builtInNamed(word: string | undefined): BuiltIn | undefined {
  return BUILT_IN.find(name => name === word)
}

/** @throws SeraError usage */
export function builtInQuestion(name: BuiltIn, words: readonly string[]): Question {
  if (words.some(word => word === '--help' || word === '-h')) return { kind: 'question', about: 'help', words: [] }
  if (name === 'version' && words.length === 1 && words[0] === '--json')
    return { kind: 'question', about: name, words: ['json'] }
  const argument = argumentOf(name, words)
  return { kind: 'question', about: name, words: argument === undefined ? [] : [argument] }
}

/** The argument, if there is one. @throws SeraError usage */
export function argumentOf(name: BuiltIn, [first, second]: readonly string[]): string | undefined {
  if (first === undefined) return undefined
  const choices = choicesOfBuiltIn(name)
  const others = name === 'help' ? SUBCOMMANDS.flatMap(({ aliases = [] }) => aliases) : []
  const surplus = choices.length === 0 ? first : second
  if (surplus !== undefined)
    throw new SeraError('usage', `unexpected word ${JSON.stringify(surplus)}; usage: ${usage(name)}`)
  if (choices.includes(first) || others.includes(first)) return first
  const meant = nearest(first, choices)
  const hint = meant === undefined ? `usage: ${usage(name)}` : `did you mean "${meant}"?`
  throw new SeraError('usage', `unknown ${name === 'help' ? 'subcommand' : 'shell'} ${JSON.stringify(first)}; ${hint}`)
}

function usage(name: BuiltIn): string {
  const argument = { completion: ` [${SHELLS.join('|')}]`, help: ' [<subcommand>]', version: ' [--json]' }[name]
  return `sera ${name}${argument}`
}
