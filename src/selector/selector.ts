/**
 * Selectors: they select participants by their labels, in the grammar of Kubernetes.
 *
 *     selector    = [ requirement { "," requirement } ]          an empty selector matches all
 *     requirement = key                                          the key exists
 *                 | "!" key                                      the key does not exist
 *                 | key ( "=" | "==" | "!=" ) [ value ]
 *                 | key ( ">" | "<" ) number
 *                 | key ( "in" | "notin" ) "(" [ value ] { "," [ value ] } ")"
 *
 * A selector matches when all requirements match. Where a key or a value is expected, `in` and `notin` are ordinary words.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/labels#Parse
 */
import type { Fault } from './names.js'
import { TokenReader } from './reader.js'

type Operator = 'exists' | '!' | '=' | '!=' | '>' | '<' | 'in' | 'notin'

export interface Requirement {
  key: string
  operator: Operator
  /** None for `exists` and `!`; one or more for `in` and `notin`; one for all others. */
  values: readonly string[]
}

export type Selector = readonly Requirement[]

/** The greatest number in comparisons: Go's int64, as in Kubernetes. */
export const HIGHEST_NUMBER = 2n ** 63n - 1n

/** `what` names the text in messages. @throws SeraError usage, naming the column */
export function parseSelector(text: string, what = 'selector'): Selector {
  const reader = new TokenReader(text, what)
  const requirements: Requirement[] = []
  if (reader.atEnd) return requirements
  do requirements.push(requirement(reader))
  while (reader.take(','))
  if (!reader.atEnd) reader.unexpected("',' or the end")
  return requirements
}

/** The inverse of `parseSelector`. */
export function formatSelector(selector: Selector): string {
  return selector.map(formatRequirement).join(',')
}

export function formatRequirement({ key, operator, values }: Requirement): string {
  if (operator === 'exists') return key
  if (operator === '!') return `!${key}`
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`
  return `${key}${operator}${values[0]}`
}

function requirement(reader: TokenReader): Requirement {
  if (reader.take('!')) return { key: reader.key(), operator: '!', values: [] }
  const key = reader.key()
  if (reader.atEnd || reader.ahead === ',') return { key, operator: 'exists', values: [] }
  const operator = binaryOperator(reader)
  if (operator === 'in' || operator === 'notin') return { key, operator, values: valuesIn(reader) }
  return { key, operator, values: [value(operator, reader)] }
}

function binaryOperator(reader: TokenReader): Exclude<Operator, 'exists' | '!'> {
  if (reader.take('==')) return '='
  for (const operator of ['=', '!=', '>', '<', 'in', 'notin'] as const) if (reader.take(operator)) return operator
  return reader.unexpected("'=', '==', '!=', 'in', 'notin', '>', '<' or ','")
}

function value(operator: Operator, reader: TokenReader): string {
  const text = operator === '>' || operator === '<' ? reader.value(faultOfNumber) : reader.value()
  if (text === '' && !reader.atEnd && reader.ahead !== ',') reader.unexpected('a value')
  return text
}

function valuesIn(reader: TokenReader): string[] {
  reader.expect('(')
  const values = new Set<string>()
  do values.add(reader.value())
  while (reader.take(','))
  reader.expect(')', "',' or ')'")
  return [...values]
}

function faultOfNumber(text: string): Fault | undefined {
  if (/^\d{1,63}$/.test(text) && BigInt(text) <= HIGHEST_NUMBER) return undefined
  return { at: 0, problem: `'>' and '<' take a whole number from 0 to ${HIGHEST_NUMBER}` }
}
