/** The completions of a command line. */
import { SeraError } from '../../errors.js'
import { KINDS, type Kind } from '../../primitives/names.js'
import { RECORDED } from '../../status/recorded.js'
import { BUILT_IN, builtInNamed, choicesOfBuiltIn } from '../args/built-in.js'
import { findSubcommand, SUBCOMMANDS, type Subcommand } from '../args/command-table.js'
import type { Flag } from '../args/flag.js'
import { FLAGS, findFlag, flagsOf } from '../args/flags.js'
import { takeWords } from '../args/split-argv.js'
import { choicesOf, isVariable } from '../args/split-subcommand.js'
import { statusQueryOf } from '../args/status-query.js'

/** Names that are in use at the server. */
export interface WantedNames {
  kinds: readonly Kind[]
  /** The flags so far, which may name the server. */
  flags: readonly string[]
}

export type AskNames = (wanted: WantedNames) => Promise<readonly string[]>

/** One completion a line. Empty where the shell should complete files. The last of the words is incomplete. */
export async function completions([, ...words]: readonly string[], ask: AskNames): Promise<string> {
  const typed = words.at(-1) ?? ''
  try {
    const offers = offersAfter(words.slice(0, -1), typed)
    const all = Array.isArray(offers) ? offers : await ask(offers as WantedNames)
    return all
      .filter(offer => offer.startsWith(typed))
      .map(offer => `${offer}\n`)
      .join('')
  } catch (error) {
    if (error instanceof SeraError) return '' // the line so far is not valid
    throw error
  }
}

type Offers = readonly string[] | WantedNames

/** The position of the next word on the line; undefined within the command. */
interface Place {
  subcommand: Subcommand | undefined
  /** The words of the subcommand so far. */
  words: readonly string[]
  flags: readonly string[]
  /** A `--` has ended the flags. */
  literal: boolean
}

function offersAfter(words: readonly string[], typed: string): Offers {
  const pending = pendingFlag(words.at(-1))
  const before = pending && placeAfter(words.slice(0, -1))
  if (pending && before && !before.literal) return valuesOf(pending, before)
  const builtIn = builtInNamed(words[0])
  if (builtIn) return words.length === 1 ? choicesOfBuiltIn(builtIn) : []
  const place = placeAfter(words)
  if (!place) return []
  if (typed.startsWith('-') && !place.literal) return flagsAt(place, typed)
  return place.subcommand ? wordsAt(place, place.subcommand) : NAMES
}

const NAMES = [...SUBCOMMANDS.map(({ name }) => name), ...BUILT_IN]

/** The flag whose value is the next word. */
function pendingFlag(word: string | undefined): Flag | undefined {
  const spelled = /^--?([^=]+)$/.exec(word ?? '')?.[1]
  const flag = spelled === undefined ? undefined : findFlag(spelled)
  return flag?.value === undefined ? undefined : flag
}

/** @throws SeraError usage */
function placeAfter(words: readonly string[]): Place | undefined {
  const line = takeWords(words, 1)
  const [first] = line.words
  if (first === undefined) return { ...line, subcommand: undefined }
  const subcommand = findSubcommand(first)
  if (!subcommand) return undefined
  const { forms, omitted = {} } = subcommand
  const own = takeWords(line.rest, forms[0]?.words.length ?? 0, { literal: line.literal, omitted })
  return own.rest.length > 0 ? undefined : { ...own, subcommand, flags: [...line.flags, ...own.flags] }
}

function flagsAt(place: Place, typed: string): Offers {
  const [, name] = /^--([^=]+)=/.exec(typed) ?? []
  const flag = name === undefined ? undefined : findFlag(name)
  if (flag) {
    const values = valuesOf(flag, place)
    return Array.isArray(values) ? values.map(value => `--${name}=${value}`) : []
  }
  const { subcommand } = place
  const flags: readonly Flag[] = subcommand ? flagsOf(subcommand.forms.map(form => form.name)) : FLAGS
  return flags.map(one => `--${one.name}`)
}

function valuesOf({ name, choices = [] }: Flag, { subcommand, flags }: Place): Offers {
  if (name === 'name') return { kinds: subcommand ? KINDS : ['mutex'], flags }
  return name === 'outcome' ? RECORDED : choices
}

function wordsAt({ words, flags }: Place, { name, forms }: Subcommand): Offers {
  const next = [...new Set(forms.flatMap(form => form.words[words.length] ?? []))]
  if (next.some(word => /^\[?<kind>/.test(word))) return KINDS
  if (next.some(word => /^\[?<(name|key|event)>/.test(word))) return { kinds: kindsOf(name, words), flags }
  return next.filter(word => !isVariable(word)).flatMap(choicesOf)
}

/** @throws SeraError usage if the line names an unknown kind */
function kindsOf(name: string, words: readonly string[]): readonly Kind[] {
  if (name === 'semaphore') return ['semaphore', 'counter']
  if (name === 'barrier') return ['barrier', 'double-barrier']
  const { kind } = statusQueryOf([KINDS.find(one => one === name) ?? words[0] ?? ''])
  return kind ? [kind] : []
}
