/**
 * Waits for a grant until one deadline, or until a signal such as TERM. A person at a terminal sees the progress line,
 * and the report gets the time waited.
 */
import type { OnQueued } from '../claims/lock.js'
import { type Progress, showProgress } from '../cli/output/progress-line.js'
import type { Report } from '../cli/output/report.js'
import { type Clock, sleep } from '../clock.js'
import type { Deadline } from '../deadline.js'
import type { Outcome } from '../outcome.js'
import type { RunContext } from './context.js'

export interface GrantSource<T> extends Omit<Progress, 'until'> {
  /** Undefined when the deadline passed first. Rejects with the signal's reason when it aborts. */
  acquire(deadline: Deadline, onQueued?: OnQueued): Promise<T | undefined>
  /** Facts for the report about a wait that timed out. */
  explainTimeout(): Promise<Partial<Report>>
}

/** After a time-out, the question about the holder may take this long. */
const MISSED_LIMIT_MS = 1000

/** After a signal, the wait may take this long to end; the server may not answer. */
const FAREWELL_MS = 2000

/** The wait is over and the run ends without running the command. */
export interface WithoutRun {
  outcome: Outcome
}

export async function awaitGrant<T extends object>(
  source: GrantSource<T>,
  context: RunContext,
  onQueued?: OnQueued,
): Promise<T | WithoutRun> {
  const { host, report, waitMs, messages } = context
  const given = new AbortController()
  const stopListening = host.onSignal(signal => signal.startsWith('SIGUSR') || given.abort(new Interrupted(signal)))
  const startedAt = host.clock.now()
  const until = startedAt + waitMs
  const stopShowing = showProgress(host, messages.voice, { ...source, until })
  try {
    const granted = await abandonAfterAbort(
      host.clock,
      source.acquire({ until, signal: given.signal }, onQueued),
      given.signal,
    )
    stopShowing()
    report.waitedMs = Math.round(host.clock.now() - startedAt)
    if (granted) return granted
    if (isHeard(context))
      Object.assign(report, await Promise.race([source.explainTimeout(), sleep(host.clock, MISSED_LIMIT_MS)]))
    return { outcome: { kind: 'timed-out' } }
  } catch (error) {
    report.waitedMs = Math.round(host.clock.now() - startedAt)
    if (error instanceof Interrupted) return { outcome: { kind: 'interrupted', signal: error.signal } }
    throw error
  } finally {
    stopShowing()
    stopListening()
  }
}

/** Rejects with the signal's reason when the work does not end soon after its abort. */
function abandonAfterAbort<T>(clock: Clock, work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => clock.after(FAREWELL_MS, () => reject(signal.reason))
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super(signal)
  }
}

/** Whether the holder at the time-out is reported anywhere. */
function isHeard({ settings, options, messages, host }: RunContext): boolean {
  const read = settings.syslog ?? options.outcomeFile ?? (messages.voice.verbose || host.stderr.isTerminal)
  return Boolean(read)
}
