/** Waiting on behalf of a client: for as long as it is there, and the gateway is; or for so long and no longer. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type Clock, within } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import type { WaitResult } from '../metrics/metrics.js'
import type { Env } from './env.js'
import type { Gateway } from './gateway.js'

/** The client has hung up; nobody reads an answer. */
export class ClientGone extends Error {}

/**
 * Does work whose signal aborts when the client hangs up, or when the gateway ends (503). `kind` is what is waited for, for the
 * metrics; who is not `patient` wants no more than one try.
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
  const hangUp = () => over.abort(new ClientGone('the client has hung up'))
  const close = () => over.abort(ending())
  const done = metrics.waitStarted(kind)
  let end: WaitResult = 'failed'
  // not AbortSignal.any: its signals stay with one that lives as long as the process
  outgoing.once('close', hangUp)
  closing.addEventListener('abort', close, { once: true })
  if (outgoing.destroyed) hangUp()
  if (closing.aborted) close()
  try {
    const result = await work(over.signal)
    end = 'granted'
    return result
  } catch (error) {
    end = over.signal.aborted ? 'gone' : endingOf(error, patient)
    throw error
  } finally {
    outgoing.off('close', hangUp)
    closing.removeEventListener('abort', close)
    done(end)
  }
}

/** What the database answers in `ms`. @throws SeraError lock-failed; what the call throws */
export function withinMs<T>(clock: Clock, ms: number, ask: (deadline: Deadline) => Promise<T>): Promise<T> {
  return within(clock, ms, ask({ until: clock.now() + ms }))
}

function ending(): HTTPException {
  return new HTTPException(503, {
    message: 'this gateway is ending; ask again',
    res: new Response(null, { headers: { 'Retry-After': '1' } }),
  })
}

function endingOf(error: unknown, patient: boolean): WaitResult {
  if ((error as { kind?: unknown }).kind !== 'timed-out') return 'failed'
  return patient ? 'timed-out' : 'refused'
}
