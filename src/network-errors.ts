/**
 * The meaning of network errors, for every protocol: whether a retry may help, and the text for the user. Errors are recognized
 * by code, never by text.
 */
import type { Random } from './clock.js'

export interface ErrorMeaning {
  /** A retry may help: the server restarts, or the network fails for a moment. */
  transient: boolean
  say: string
}

export const transient = (say: string): ErrorMeaning => ({ transient: true, say })
export const permanent = (say: string): ErrorMeaning => ({ transient: false, say })

export const NETWORK_ERRORS: Readonly<Record<string, ErrorMeaning>> = {
  ECONNREFUSED: transient('connection refused; is the server running there?'),
  ENOENT: transient('no such socket; is the server running?'),
  ETIMEDOUT: transient('no answer in time; is the address right, does a firewall drop the packets?'),
  ECONNRESET: transient('the connection was reset'),
  EPIPE: transient('the connection was closed'),
  EHOSTUNREACH: transient('no route to host'),
  ENETUNREACH: transient('network unreachable'),
  EAI_AGAIN: transient('the name server did not answer'),
  EAGAIN: transient('the socket is busy'),
  ENOTFOUND: permanent('no such host; check the name'),
  EACCES: permanent('permission denied on the socket'),
}

export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code
}

/** Milliseconds before try `attempt` (from 1): full jitter under a ceiling that doubles from 50 ms to 1 s. */
export function backoff(attempt: number, random: Random): number {
  return random.number() * Math.min(1000, 50 * 2 ** (attempt - 1))
}

export function isTransient(error: unknown): boolean {
  return NETWORK_ERRORS[codeOf(error) ?? '']?.transient ?? false
}

/** One line for a person; the error's own message if the table has none. */
export function explain(error: unknown): string {
  const known = NETWORK_ERRORS[codeOf(error) ?? '']
  if (known) return known.say
  const message = error instanceof Error && error.message ? error.message : String(error)
  return message.replace(/\s+/g, ' ')
}
