/**
 * Connects with retries. There is always one full attempt, even when the deadline has passed. A transient failure is
 * retried with jitter until the deadline or until `connectWait` is over; a permanent failure is not retried.
 */
import { hostname } from 'node:os'
import { type Clock, type Random, sleep } from '../../clock.js'
import { type Dsn, describeDsn } from '../../config/dsn.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { backoff } from '../../network-errors.js'
import { type Attributes, Connection } from './connection.js'
import { explain, isTransient } from './retry.js'

export interface ServerTarget {
  dsn: Dsn
  /** How long transient failures are retried, ms. */
  connectWaitMs: number
  attributes: Attributes
  clock: Clock
  random: Random
}

/** Bytes of the command that the server shows to others; MySQL keeps 512 for all attributes. */
const COMMAND_SHOWN = 200

/** `lock`: the GET_LOCK that the connection holds or waits for. */
export function attributesOf(pid: number, command: readonly string[], lock?: string): Attributes {
  const shown = Buffer.from(command.join(' '))
    .subarray(0, COMMAND_SHOWN)
    .toString()
    .replace(/\uFFFD+$/, '')
  return { program_name: 'sera', host: hostname(), pid: String(pid), ...(lock ? { lock } : {}), command: shown }
}

/** @throws SeraError lock-failed, with what is wrong and where */
export async function connect(server: ServerTarget, deadline: Deadline): Promise<Connection> {
  const until = Math.min(deadline.until, server.clock.now() + server.connectWaitMs)
  for (let attempt = 1; ; attempt++) {
    deadline.signal?.throwIfAborted()
    try {
      return await openUnlessAborted(server, deadline.signal)
    } catch (error) {
      deadline.signal?.throwIfAborted()
      if (error instanceof SeraError) throw error
      const pause = backoff(attempt, server.random)
      if (!isTransient(error) || server.clock.now() + pause >= until) throw cannotConnect(server.dsn, error)
      await sleep(server.clock, pause, deadline.signal)
    }
  }
}

async function openUnlessAborted(server: ServerTarget, signal: AbortSignal | undefined): Promise<Connection> {
  const opening = Connection.open(server.dsn, server.attributes, server.clock)
  return await new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal?.reason)
      opening.then(late => late.destroy()).catch(() => {})
    }
    signal?.addEventListener('abort', abort, { once: true })
    opening.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort))
  })
}

function cannotConnect(dsn: Dsn, cause: unknown): SeraError {
  return new SeraError('lock-failed', `cannot connect to ${describeDsn(dsn)} as ${dsn.user}: ${explain(cause)}`, {
    cause,
  })
}
