/** Labels: they describe a participant, as `key=value,…`. */
import { SeraError } from '../errors.js'
import { type Fault, faultOfKey, faultOfValue } from './names.js'
import { TokenReader } from './reader.js'

export type Labels = ReadonlyMap<string, string>

/**
 * Parses `role=db,zone=eu-1,spare=`. A value may be empty. Blanks around keys and values are ignored. `what` names the text in
 * messages.
 *
 * @throws SeraError usage, naming the column
 */
export function parseLabels(text: string, what = 'labels'): Labels {
  const labels = new Map<string, string>()
  const reader = new TokenReader(text, what)
  if (reader.atEnd) return labels
  do {
    const key = reader.key()
    if (labels.has(key)) throw new SeraError('usage', `${what}: duplicate key ${key}`)
    reader.expect('=')
    labels.set(key, reader.value())
  } while (reader.take(','))
  if (!reader.atEnd) reader.unexpected("',' or the end")
  return labels
}

/** The inverse of `parseLabels`. */
export function formatLabels(labels: Labels): string {
  return [...labels].map(([key, value]) => `${key}=${value}`).join(',')
}

/** Checks the labels that a program passes. @throws SeraError usage */
export function labelsFrom(given: Readonly<Record<string, string>>): Labels {
  for (const [key, value] of Object.entries(given)) {
    refuse('key', key, faultOfKey(key))
    if (typeof value !== 'string') throw new SeraError('usage', `label ${key}: its value is text, not ${typeof value}`)
    refuse('value', value, faultOfValue(value))
  }
  return new Map(Object.entries(given))
}

function refuse(what: string, text: string, fault: Fault | undefined): void {
  if (!fault) return
  const column = fault.at + 1
  throw new SeraError('usage', `the label's ${what} ${JSON.stringify(text)}, column ${column}: ${fault.problem}`)
}
