/** What the gateway logs: each request once it is answered, and each participant that comes to an event, meets others, or leaves. */
export interface AccessEntry {
  kind: 'access'
  /** The address that asked. */
  client: string
  method: string
  /** Path and query, as they were sent; `…` where the token is in it, or where it is too long. */
  target: string
  status: number
  ms: number
  /** What went wrong here, or with the database. */
  error?: string | undefined
}

export interface EventEntry {
  kind: 'event'
  /** `left`: hung up, or was sent away, before it met anybody. */
  what: 'came' | 'met' | 'left'
  /** Tells requests apart, for all gateways; `/stats` and the tables call it the same. */
  request: string
  client: string
  event: string
  actor: string
  /** Since it came. */
  ms: number
  /** With `met`: the same for all who have met. */
  match?: string | undefined
  /** With `met`: all who have, itself too. */
  actors?: readonly string[] | undefined
}

/** The output could not take lines for a while. */
interface DroppedEntry {
  kind: 'dropped'
  lines: number
}

export type LogEntry = AccessEntry | EventEntry | DroppedEntry

export interface GatewayLog {
  write(entry: LogEntry): void
}
