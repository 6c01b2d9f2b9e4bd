/** The entries of the gateway's log: each answered request, and each participant that arrives at an event, meets others, or leaves. */
export interface AccessEntry {
  kind: 'access'
  /** The address that asked. */
  client: string
  method: string
  /** Path and query as sent. `…` replaces a target that contains the token, and the end of a long one. */
  target: string
  status: number
  ms: number
  /** An internal error or a database error. */
  error?: string | undefined
}

export interface EventEntry {
  kind: 'event'
  /** `left`: disconnected or was refused without a match. */
  what: 'came' | 'met' | 'left'
  /** The claim's id, unique across gateways. `/stats` and the tables use the same. */
  request: string
  client: string
  event: string
  actor: string
  /** Since it arrived. */
  ms: number
  /** With `met`: the same for all members of the match. */
  match?: string | undefined
  /** With `met`: all members, this one too. */
  actors?: readonly string[] | undefined
}

/** The log's output was blocked, and lines were dropped. */
interface DroppedEntry {
  kind: 'dropped'
  lines: number
}

export type LogEntry = AccessEntry | EventEntry | DroppedEntry

export interface GatewayLog {
  write(entry: LogEntry): void
}
