/**
 * The syntax of a label's key and value, as in Kubernetes.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */

/** A syntax error in a text. */
export interface Fault {
  /** Its index in the text, from 0. */
  at: number
  problem: string
}

/** Characters of a name, and of a value. */
const LONGEST_NAME = 63
/** Characters of the DNS subdomain before a name's `/`. */
const LONGEST_PREFIX = 253

const ALLOWED = "letters, digits, '-', '_' and '.'"
const ALLOWED_IN_PREFIX = "lower-case letters, digits, '-' and '.'"

/** `[prefix/]name`: the prefix is a DNS subdomain; the name has the syntax of a value but is not empty. */
export function faultOfKey(key: string): Fault | undefined {
  const slash = key.indexOf('/')
  if (slash === -1) return faultOfName(key, 0, 'a key')
  const second = key.indexOf('/', slash + 1)
  if (second !== -1) return { at: second, problem: "a key has at most one '/', after its prefix" }
  return faultOfPrefix(key.slice(0, slash)) ?? faultOfName(key.slice(slash + 1), slash + 1, "a key's name")
}

/** At most 63 letters, digits, `-`, `_` and `.`. The first and the last are letters or digits. It may be empty. */
export function faultOfValue(value: string): Fault | undefined {
  if (/^["'`]/.test(value)) return { at: 0, problem: 'a value must not have quotes' }
  return value === '' ? undefined : faultOfName(value, 0, 'a value')
}

function faultOfName(name: string, at: number, what: string): Fault | undefined {
  if (name === '') return { at, problem: `${what} is empty` }
  const fault =
    faultOfCharacter(name, /[^-_.A-Za-z0-9]/, what, ALLOWED) ??
    faultOfEnds(name, what) ??
    faultOfLength(name, LONGEST_NAME, what)
  return fault && { ...fault, at: at + fault.at }
}

function faultOfPrefix(prefix: string): Fault | undefined {
  const what = "a key's prefix"
  if (prefix === '') return { at: 0, problem: `${what} is empty` }
  const fault = faultOfCharacter(prefix, /[^-.a-z0-9]/, what, ALLOWED_IN_PREFIX)
  if (fault) return fault
  let at = 0
  for (const label of prefix.split('.')) {
    const fault =
      label === '' ? { at: 0, problem: `${what} has an empty part` } : faultOfEnds(label, `a part of ${what}`)
    if (fault) return { ...fault, at: at + fault.at }
    at += label.length + 1
  }
  return faultOfLength(prefix, LONGEST_PREFIX, what)
}

function faultOfCharacter(text: string, forbidden: RegExp, what: string, allowed: string): Fault | undefined {
  const at = text.search(forbidden)
  if (at === -1) return undefined
  return { at, problem: `${what} must not contain ${shown(text.codePointAt(at) as number)}; allowed: ${allowed}` }
}

/** An invisible character is shown by its code point. */
function shown(code: number): string {
  const character = String.fromCodePoint(code)
  const isInvisible = character !== ' ' && /[\p{C}\p{Z}]/u.test(character)
  return isInvisible ? `U+${code.toString(16).toUpperCase().padStart(4, '0')}` : `"${character}"`
}

function faultOfEnds(text: string, what: string): Fault | undefined {
  if (!isAlphanumeric(text[0])) return { at: 0, problem: `${what} must begin with a letter or a digit` }
  if (!isAlphanumeric(text.at(-1))) return { at: text.length - 1, problem: `${what} must end with a letter or a digit` }
  return undefined
}

function isAlphanumeric(character: string | undefined): boolean {
  return /^[A-Za-z0-9]$/.test(character ?? '')
}

function faultOfLength({ length }: string, most: number, what: string): Fault | undefined {
  if (length <= most) return undefined
  return { at: most, problem: `${what} must have at most ${most} characters, this one has ${length}` }
}
