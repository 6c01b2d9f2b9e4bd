/** Tokenizes the text of labels or of a selector. An error names the column. */
import { SeraError } from '../errors.js'
import { type Fault, faultOfKey, faultOfValue } from './names.js'

/** A symbol, or a word: any other text between symbols and blanks. `''` at the end. */
interface Token {
  text: string
  at: number
}

const NEXT = /[ \t\r\n]*(==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+|$)/y
const SYMBOL = /^[=!(),<>]/

export class TokenReader {
  #next: Token

  /** `what` names the text in messages. */
  constructor(
    readonly text: string,
    readonly what: string,
  ) {
    this.#next = this.#token(0)
  }

  get atEnd(): boolean {
    return this.#next.text === ''
  }

  /** The next token; `''` at the end. */
  get ahead(): string {
    return this.#next.text
  }

  /** Consumes this token if it is next. */
  take(text: string): boolean {
    if (this.#next.text !== text) return false
    this.#read()
    return true
  }

  /** @throws SeraError usage */
  expect(text: string, expected = `'${text}'`): void {
    if (!this.take(text)) this.unexpected(expected)
  }

  /** @throws SeraError usage */
  key(): string {
    if (!this.#isWord()) this.unexpected('a key')
    return this.#checked(faultOfKey)
  }

  /** `''` if a symbol or the end is next. @throws SeraError usage */
  value(check = faultOfValue): string {
    return this.#isWord() ? this.#checked(check) : this.#refuse(check(''), this.#next.at, '')
  }

  /** @throws SeraError usage */
  unexpected(expected: string): never {
    const found = this.atEnd ? 'the end' : JSON.stringify(shortened(this.#next.text))
    return this.fail({ at: this.#next.at, problem: `expected ${expected}, found ${found}` })
  }

  /** @throws SeraError usage */
  fail({ at, problem }: Fault): never {
    const column = [...this.text.slice(0, at)].length + 1
    throw new SeraError('usage', `${this.what}, column ${column}: ${problem}`)
  }

  #isWord(): boolean {
    return !this.atEnd && !SYMBOL.test(this.#next.text)
  }

  #checked(check: (word: string) => Fault | undefined): string {
    const { text, at } = this.#read()
    return this.#refuse(check(text), at, text)
  }

  #refuse(fault: Fault | undefined, at: number, text: string): string {
    return fault ? this.fail({ ...fault, at: at + fault.at }) : text
  }

  #read(): Token {
    const token = this.#next
    this.#next = this.#token(token.at + token.text.length)
    return token
  }

  #token(from: number): Token {
    NEXT.lastIndex = from
    const text = NEXT.exec(this.text)?.[1] ?? ''
    return { text, at: text === '' ? this.text.length : NEXT.lastIndex - text.length }
  }
}

/** For a message of one line. */
function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`
}
