/** Waits on behalf of a client. A wait ends when the client disconnects or the gateway shuts down. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type Clock, within } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import type { WaitResult } from '../metrics/metrics.js'
import type { Env } from './env.js'
import type { Gateway } from './gateway.js'

/** The client has disconnected: an answer would not be read. */
export class ClientGone extends Error {}

/**
 * Runs work whose signal aborts when the client disconnects, or when the gateway shuts down (503). `kind` labels the metrics.
 * With `patient` false the request tries once: a time-out then counts as `refused`.
 *
 * @throws HTTPException 503; ClientGone; what the work throws
 */
export async function untilDisconnect<T>(
  c: Context<Env>,
  { closing, metrics }: Gateway,
  kind: string,
  work: (signal: AbortSignal) => Promise<T>,
  patient = true,
): Promise<T> {
  const { outgoing } = c.env
  const over = new AbortController()
  const disconnect = () => over.abort(new ClientGone('the client disconnected'))
  const close = () => over.abort(shuttingDown())
  const done = metrics.waitStarted(kind)
  let end: WaitResult = 'failed'
  // not AbortSignal.any: `closing` would keep every derived signal until the process ends
  outgoing.once('close', disconnect)
  closing.addEventListener('abort', close, { once: true })
  if (outgoing.destroyed) disconnect()
  if (closing.aborted) close()
  try {
    const result = await work(over.signal)
    end = 'granted'
    return result
  } catch (error) {
    end = over.signal.aborted ? 'gone' : endingOf(error, patient)
    throw error
  } finally {
    outgoing.off('close', disconnect)
    closing.removeEventListener('abort', close)
    done(end)
  }
}

/** Asks the database, for at most `ms`. @throws SeraError lock-failed; what the call throws */
export function withinMs<T>(clock: Clock, ms: number, ask: (deadline: Deadline) => Promise<T>): Promise<T> {
  return within(clock, ms, ask({ until: clock.now() + ms }))
}

function shuttingDown(): HTTPException {
  return new HTTPException(503, {
    message: 'this gateway is shutting down; try again',
    res: new Response(null, { headers: { 'Retry-After': '1' } }),
  })
}

function endingOf(error: unknown, patient: boolean): WaitResult {
  if ((error as { kind?: unknown }).kind !== 'timed-out') return 'failed'
  return patient ? 'timed-out' : 'refused'
}
