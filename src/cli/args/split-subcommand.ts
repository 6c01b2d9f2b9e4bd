/** Splits the line of a subcommand: its own words, the flags between them, and the command after `<wait>` or `--`. */
import { parseWait } from '../../config/duration.js'
import { nearest } from '../../config/nearest.js'
import { SeraError } from '../../errors.js'
import { BUILT_IN } from './built-in.js'
import { type Form, findSubcommand, SUBCOMMANDS, type Subcommand, usageOf } from './command-table.js'
import { flagsOf, refuseOthers } from './flags.js'
import { type CommandLine, commandOf, meansWait, type Taken, takeWords } from './split-argv.js'

export interface SubcommandLine {
  kind: 'run'
  flags: string[]
  form: Form
  /** As many as the form has; optional ones at the end may be missing. */
  words: string[]
  /** Of a form that wraps a command. */
  wait: string | undefined
  command: string[]
}

/** `--help` or `--version` is among the flags. The rest of the line may be incomplete. */
export interface HelpQuestion {
  kind: 'question'
  flags: string[]
  subcommand: Subcommand
}

/** @throws SeraError usage */
export function splitSubcommand(line: CommandLine & { kind: 'subcommand' }): SubcommandLine | HelpQuestion {
  const [name = '', ...after] = line.words
  const subcommand = findSubcommand(name)
  if (!subcommand) throw unknown(name)
  const { words, ...taken } = takeWords(after, subcommand.forms[0]?.words.length ?? 0, { ...subcommand, ...line })
  const flags = [...line.flags, ...taken.flags]
  if (flags.some(flag => /^--(help|version)=true$/.test(flag))) return { kind: 'question', flags, subcommand }
  const forms = formsWith(words, subcommand)
  const behind = behindDashes(taken)
  const form = formFor(behind, taken.rest, forms)
  if (!form) throw wrong(tooFewOrMany(taken.rest, forms), subcommand, forms)
  refuseOthers(flags, form.name, usageOf(subcommand, form), `sera ${subcommand.name} --help`)
  const none = { wait: undefined, command: [] }
  if (!form.wraps) return { kind: 'run', flags, form, words, ...none }
  if (form.direct) return { kind: 'run', flags, form, words, ...none, command: directCommand(taken, subcommand, form) }
  if (!form.dashed) return { kind: 'run', flags, form, words, ...wrapping(taken.rest, subcommand, forms) }
  // `commandOf` drops one `--`; the added one keeps a `--` that belongs to the command
  const command = commandOf(['--', ...(behind ?? [])], usageOf(subcommand, form), '--')
  return { kind: 'run', flags, form, words, ...none, command }
}

/** The words after a `--` that directly follows the words of the subcommand. */
function behindDashes({ dashed, rest }: Pick<Taken, 'dashed' | 'rest'>): string[] | undefined {
  if (dashed) return rest
  return rest[0] === '--' ? rest.slice(1) : undefined
}

/** The form is `dashed` if a `--` follows its words; otherwise it depends on whether any word follows. */
function formFor(behind: readonly string[] | undefined, rest: readonly string[], forms: readonly Form[]) {
  const dashed = behind && forms.find(one => one.dashed)
  return dashed ?? forms.find(one => !one.dashed && one.wraps === rest.length > 0)
}

function tooFewOrMany([surplus]: readonly string[], forms: readonly Form[]): string {
  if (surplus !== undefined) return tooMany(surplus, forms)
  return forms.some(({ direct }) => direct) ? 'a command is missing' : '<wait> and a command are missing'
}

/** @throws SeraError usage */
function directCommand({ dashed, rest }: Pick<Taken, 'dashed' | 'rest'>, subcommand: Subcommand, form: Form): string[] {
  const [first = ''] = rest
  if (!dashed && parseWait(first) !== undefined) {
    const what = `expected a command, got ${JSON.stringify(first)} (did you mean --wait ${first}?)`
    throw wrong(what, subcommand, [form])
  }
  return commandOf(rest, usageOf(subcommand, form), '--')
}

function tooMany(word: string, forms: readonly Form[]): string {
  const waits = flagsOf(forms.map(({ name }) => name)).some(({ name }) => name === 'wait')
  const hint = waits && meansWait(word) ? ` (did you mean --wait ${word}?)` : ''
  const behind = forms.some(({ dashed }) => dashed) ? ' (put a command after --)' : ''
  return `unexpected word ${JSON.stringify(word)}${hint || behind}`
}

/** The forms that these words fit. @throws SeraError usage if there is none */
function formsWith(words: readonly string[], subcommand: Subcommand): readonly Form[] {
  const { forms } = subcommand
  const missing = wordsAt(words.length, forms)
  if (missing.length > 0 && !missing.some(isOptional))
    throw wrong(`${missing.join(' or ')} is missing`, subcommand, forms)
  const fits = (form: Form) => form.words.every((word, at) => isVariable(word) || isChoice(word, words[at]))
  const fitting = forms.filter(fits)
  if (fitting.length > 0) return fitting
  const choices = wordsAt(0, forms).flatMap(choicesOf)
  throw wrong(`expected one of ${choices.join(', ')}, got ${JSON.stringify(words[0])}`, subcommand, forms)
}

function wordsAt(at: number, forms: readonly Form[]): string[] {
  return [...new Set(forms.flatMap(({ words }) => words[at] ?? []))]
}

/** `<name>`, `[<name>]`: any word. */
export function isVariable(word: string): boolean {
  return /^\[?</.test(word)
}

/** `[print]`: that word, or no word. */
function isOptional(word: string): boolean {
  return word.startsWith('[')
}

/** The words allowed at this place. */
export function choicesOf(word: string): string[] {
  return word.replace(/^\[|\]$/g, '').split('|')
}

function isChoice(word: string, given: string | undefined): boolean {
  return given === undefined ? isOptional(word) : choicesOf(word).includes(given)
}

function wrapping(rest: readonly string[], subcommand: Subcommand, forms: readonly Form[]) {
  const [wait = '', ...command] = rest
  const wrapping = forms.filter(({ wraps }) => wraps)
  if (!meansWait(wait)) {
    const what = `expected <wait> (0, 90, 500ms, 5m, forever), got ${JSON.stringify(wait)}`
    throw wrong(what, subcommand, wrapping)
  }
  if (command.length === 0 && forms.length > wrapping.length) {
    throw wrong('no command after <wait> (without a command, use --wait)', subcommand, forms)
  }
  return { wait, command: commandOf(command, usages(subcommand, wrapping)) }
}

function wrong(what: string, subcommand: Subcommand, forms: readonly Form[]): SeraError {
  return new SeraError('usage', `${what}; usage: ${usages(subcommand, forms)}`)
}

function usages(subcommand: Subcommand, forms: readonly Form[]): string {
  return forms.map(form => usageOf(subcommand, form)).join(', or ')
}

function unknown(name: string): SeraError {
  const known = [...SUBCOMMANDS.map(subcommand => subcommand.name), ...BUILT_IN]
  const meant = nearest(name, known)
  const hint = meant === undefined ? '; see sera --help' : `; did you mean "${meant}"?`
  return new SeraError(
    'usage',
    `expected a subcommand or <wait> (0, 90, 500ms, 5m, forever), got ${JSON.stringify(name)}${hint}`,
  )
}
