/**
 * What may be a label's key and value, as Kubernetes has it.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */

/** What is wrong, and where in the text it was found in. */
export interface Fault {
  /** From 0. */
  at: number
  problem: string
}

/** Characters of a name, and of a value. */
const LONGEST_NAME = 63
/** Characters of the DNS subdomain before a name's `/`. */
const LONGEST_PREFIX = 253

const ALLOWED = "a letter, a digit, '-', '_' or '.'"
const ALLOWED_IN_PREFIX = "a lower-case letter, a digit, '-' or '.'"

/** `[prefix/]name`: the prefix a DNS subdomain, the name as a value, but not empty. */
export function faultOfKey(key: string): Fault | undefined {
  const slash = key.indexOf('/')
  if (slash === -1) return faultOfName(key, 0, 'a key')
  const second = key.indexOf('/', slash + 1)
  if (second !== -1) return { at: second, problem: "a key has one '/', behind its prefix" }
  return faultOfPrefix(key.slice(0, slash)) ?? faultOfName(key.slice(slash + 1), slash + 1, "what follows a key's '/'")
}

/** At most 63 letters, digits, `-`, `_` and `.`, of which the first and the last are letters or digits; or nothing. */
export function faultOfValue(value: string): Fault | undefined {
  if (/^["'`]/.test(value)) return { at: 0, problem: 'a value has no quotes' }
  return value === '' ? undefined : faultOfName(value, 0, 'a value')
}

function faultOfName(name: string, at: number, what: string): Fault | undefined {
  if (name === '') return { at, problem: `${what} is empty` }
  const fault =
    strangerIn(name, /[^-_.A-Za-z0-9]/, what, ALLOWED) ??
    faultOfEnds(name, what) ??
    faultOfLength(name, LONGEST_NAME, what)
  return fault && { ...fault, at: at + fault.at }
}

function faultOfPrefix(prefix: string): Fault | undefined {
  const what = "a key's prefix"
  if (prefix === '') return { at: 0, problem: `${what} is empty` }
  const stranger = strangerIn(prefix, /[^-.a-z0-9]/, what, ALLOWED_IN_PREFIX)
  if (stranger) return stranger
  let at = 0
  for (const label of prefix.split('.')) {
    const fault =
      label === '' ? { at: 0, problem: `${what} has an empty part` } : faultOfEnds(label, `a part of ${what}`)
    if (fault) return { ...fault, at: at + fault.at }
    at += label.length + 1
  }
  return faultOfLength(prefix, LONGEST_PREFIX, what)
}

function strangerIn(text: string, stranger: RegExp, what: string, allowed: string): Fault | undefined {
  const at = text.search(stranger)
  if (at === -1) return undefined
  return { at, problem: `${what} has no ${shown(text.codePointAt(at) as number)} in it, only ${allowed}` }
}

/** What can't be seen is told by its number. */
function shown(code: number): string {
  const character = String.fromCodePoint(code)
  const isUnseen = character !== ' ' && /[\p{C}\p{Z}]/u.test(character)
  return isUnseen ? `U+${code.toString(16).toUpperCase().padStart(4, '0')}` : `"${character}"`
}

function faultOfEnds(text: string, what: string): Fault | undefined {
  if (!isAlphanumeric(text[0])) return { at: 0, problem: `${what} begins with a letter or a digit` }
  if (!isAlphanumeric(text.at(-1))) return { at: text.length - 1, problem: `${what} ends with a letter or a digit` }
  return undefined
}

function isAlphanumeric(character: string | undefined): boolean {
  return /^[A-Za-z0-9]$/.test(character ?? '')
}

function faultOfLength({ length }: string, most: number, what: string): Fault | undefined {
  if (length <= most) return undefined
  return { at: most, problem: `${what} has ${most} characters at most, this one ${length}` }
}
