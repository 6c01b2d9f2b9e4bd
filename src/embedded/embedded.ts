/** Starts, stops and describes the embedded server, for `sera embedded`. `ensure.ts` explains that server. */
import { SeraError } from '../errors.js'
import { ensureEmbedded } from './ensure.js'
import { placeOf } from './place.js'
import type { EmbeddedHost } from './program.js'
import { describeStatus, type EmbeddedStatus, statusOf } from './status.js'
import { stop, watch } from './watch.js'

export type { EmbeddedHost } from './program.js'

/** The status for programs, and a line for a person. */
export interface EmbeddedReport {
  status: EmbeddedStatus
  line: string
}

/** Starts the server, and its watcher if that was killed. */
export async function startEmbedded(host: EmbeddedHost): Promise<EmbeddedReport> {
  await ensureEmbedded(host)
  watch(placeOf(host.env), host)
  return embeddedStatus(host)
}

/**
 * Stops the server. Without `force`, it refuses while clients are connected, because they may hold locks.
 *
 * @throws SeraError `conflict` if there are clients
 */
export async function stopEmbedded(host: EmbeddedHost, options: { force?: boolean } = {}): Promise<EmbeddedReport> {
  const before = await embeddedStatus(host)
  if (before.status.state === 'stopped') return before
  const place = placeOf(host.env)
  const result = await stop(place, options.force ?? false)
  if (result === 'in use') {
    throw new SeraError(
      'conflict',
      'the embedded server has clients, which may hold locks; use --force to stop it anyway',
    )
  }
  if (result === 'does not end') {
    throw new SeraError(
      'lock-failed',
      `the embedded server${pidText(before.status)} did not stop; see ${place.logFile}`,
    )
  }
  return { status: await statusOf(place), line: `the embedded server${pidText(before.status)} has stopped` }
}

export async function embeddedStatus(host: EmbeddedHost): Promise<EmbeddedReport> {
  const status = await statusOf(placeOf(host.env))
  return { status, line: describeStatus(status) }
}

function pidText({ pid }: EmbeddedStatus): string {
  return pid === undefined ? '' : ` (pid ${pid})`
}
