/**
 * The values of a request to `/event` or `/match`: from the query, or from the body with `input=yaml` or `input=json`.
 *
 * As in netsync and netmatch, YAML is read without types: `payload: 1` and `{zone: 2}` are text. Unknown keys are refused in YAML
 * and ignored in JSON.
 */
import type { Context } from 'hono'
import { parseDocument } from 'yaml'
import { SeraError } from '../../errors.js'
import { type Labels, labelsFrom, parseLabels } from '../../selector/labels.js'
import type { Env } from '../http/env.js'

type JsonObject = Readonly<Record<string, unknown>>

/** `names` are the keys that a YAML body may have. @throws SeraError usage */
export async function formOf(c: Context<Env>, names: readonly string[]): Promise<EventForm> {
  const input = c.req.query('input') || 'url'
  if (input === 'url') return new EventForm(c.req.query())
  if (input !== 'yaml' && input !== 'json') throw new SeraError('usage', 'input: expected url, yaml or json')
  const body = await c.req.text()
  const fields = asObject('the body', parsed(input === 'yaml' ? fromYaml : JSON.parse, body))
  const unknown = input === 'yaml' && Object.keys(fields).find(name => !names.includes(name))
  if (unknown) throw unreadable(`unknown key ${JSON.stringify(unknown)}: expected ${names.join(', ')}`)
  return new EventForm(fields)
}

export class EventForm {
  constructor(readonly fields: JsonObject) {}

  /** Undefined if absent or empty. @throws SeraError usage */
  text(name: string): string | undefined {
    const value = this.#given(name)
    if (value === undefined || typeof value === 'string') return value
    throw new SeraError('usage', `${name}: expected text, got ${JSON.stringify(value)}`)
  }

  /** @throws SeraError usage */
  count(name: string): number | undefined {
    const value = this.#given(name)
    if (value === undefined) return undefined
    if (/^[+-]?\d+$/.test(String(value))) return Number(value)
    throw new SeraError('usage', `${name} must be int`)
  }

  /** `role=db,zone=eu` as text, or an object; undefined if there are none. @throws SeraError usage */
  labels(): Labels | undefined {
    const value = this.#given('labels')
    if (value === undefined) return undefined
    const labels =
      typeof value === 'string' ? parseLabels(value) : labelsFrom(asObject('labels', value) as Record<string, string>)
    return labels.size === 0 ? undefined : labels
  }

  #given(name: string): unknown {
    const value = Object.hasOwn(this.fields, name) ? this.fields[name] : undefined
    return value === null || value === '' ? undefined : value
  }
}

function parsed(parse: (text: string) => unknown, body: string): unknown {
  try {
    return parse(body)
  } catch (error) {
    throw unreadable((error as Error).message.split('\n', 1)[0] ?? '')
  }
}

function fromYaml(text: string): unknown {
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false })
  if (document.errors[0]) throw document.errors[0]
  return document.toJS()
}

function asObject(what: string, value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw unreadable(`${what} must be an object`)
}

function unreadable(why: string): SeraError {
  return new SeraError('usage', `failed to unmarshal body: ${why}`)
}
