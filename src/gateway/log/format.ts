/**
 * Formats the gateway's log. As lanes, for people:
 *
 *     20:40:12Z ┌ [e=coin a=machine]
 *     20:40:13Z │ 127.0.0.1 GET /stats 200 2ms
 *
 * or as one JSON object a line, for programs. Its members are stable.
 */
import { formatJson, formatValue } from '../../log/line.js'
import type { AccessEntry, EventEntry, LogEntry } from './entry.js'
import { Lanes } from './lanes.js'

export type LogFormat = 'lanes' | 'json'

/** A line without its newline; undefined: an earlier line already shows this entry. */
type Formatter = (entry: LogEntry, at: Date) => string | undefined

export function formatter(format: LogFormat): Formatter {
  if (format === 'json') return (entry, at) => formatJson({ time: at.toISOString(), ...entry })
  return new LaneFormat().line
}

class LaneFormat {
  readonly #lanes = new Lanes()
  /** The waiting requests, in order of arrival. */
  readonly #waiting = new Map<string, EventEntry>()
  /** Requests whose lane was closed by another member's line, with their match, until their own entry arrives. */
  readonly #drawn = new Map<string, string>()

  line: Formatter = (entry, at) => {
    const parts = this.#parts(entry)
    return parts && [`${at.toISOString().slice(11, 19)}Z`, ...parts].filter(part => part !== '').join(' ')
  }

  #parts(entry: LogEntry): string[] | undefined {
    if (entry.kind === 'access') return [this.#lanes.passes(), ...accessParts(entry)]
    if (entry.kind === 'dropped')
      return [this.#lanes.passes(), `${entry.lines} lines dropped: the log's output was blocked`]
    const { what, request, event, actor } = entry
    switch (what) {
      case 'came':
        this.#waiting.set(request, entry)
        return [this.#lanes.opens(request), label(event, actor)]
      case 'met':
        return this.#met(entry)
      default:
        return [this.#ended([request], '┴'), 'stopped', label(event, actor)]
    }
  }

  /** One line for all members of a match at this gateway, with the first of their entries. */
  #met(entry: EventEntry): string[] | undefined {
    const { request, event, match = '', actors = [] } = entry
    if (this.#drawn.get(request) === match) {
      this.#drawn.delete(request)
      return undefined
    }
    const others = this.#companions(entry)
    for (const id of others) this.#drawn.set(id, match)
    return [this.#ended([request, ...others], '└'), 'match', ...actors.map(actor => label(event, actor))]
  }

  /** The oldest waiting requests with the names of the other members. Of two with one name it may pick the wrong one. */
  #companions({ request, event, actor, actors = [] }: EventEntry): string[] {
    const names = [...actors]
    names.splice(names.indexOf(actor), 1)
    return [...this.#waiting.values()].flatMap(other => {
      const at = names.indexOf(other.actor)
      if (other.event !== event || other.request === request || at === -1) return []
      names.splice(at, 1)
      return [other.request]
    })
  }

  #ended(ids: readonly string[], end: '└' | '┴'): string {
    for (const id of ids) {
      if (!this.#waiting.delete(id)) this.#drawn.delete(id)
    }
    return this.#lanes.closes(ids, end)
  }
}

function accessParts({ client, method, target, status, ms, error }: AccessEntry): string[] {
  const why = error === undefined ? '' : formatValue(error)
  return [client, method, target, String(status), `${ms}ms`, why]
}

function label(event: string, actor: string): string {
  return `[e=${formatValue(event)} a=${formatValue(actor)}]`
}
