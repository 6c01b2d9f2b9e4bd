/**
 * Acquire, run, release, record: the one body of all subcommands that run a command under a lock, with any engine.
 */
import { Guard, type GuardOptions } from '../child/guard.js'
import { ancestors } from '../child/process-table.js'
import { SeraError } from '../errors.js'
import { type Outcome, reportingOutcome } from '../outcome.js'
import { awaitGrant, type GrantSource, type WithoutRun } from './await-grant.js'
import type { RunContext } from './context.js'
import { guardTimes } from './guarded-run.js'
import { type RunnableLock, runUnderLock } from './hold-lock.js'
import { heldEntry, sharesAbove } from './nested.js'

/** The lock of a subcommand that wraps a command. */
export interface LockSource {
  /** Its name in reports, logs and SERA_LOCK. */
  lock: string
  /** Its name in messages, if that differs. */
  title?: string
  /** Its server in SERA_HELD: the same for all runs with the same configuration. */
  server: string
  /** The share that this run holds, for nested seras; the whole lock when absent. */
  share?: string
  /**
   * Whether a wait would never end because parent seras hold these shares. `perhaps`: it depends on other participants.
   * When absent: true if parents hold any share.
   */
  endless?(above: readonly string[]): boolean | 'perhaps'
  open(): OpenLock | Promise<OpenLock>
}

/** The open lock: a run waits for it and holds it. */
export interface OpenLock extends GrantSource<RunnableLock | WithoutRun> {
  /** Writes the outcome of the run to the history. */
  record?(outcome: Outcome): Promise<void>
  close?(): void | Promise<void>
}

export async function runLocked(source: LockSource, context: RunContext): Promise<Outcome> {
  const { host, report, shown, waitMs } = context
  const { lock, server, endless = above => above.length > 0 } = source
  Object.assign(report, { lock, command: shown, waitMs })
  const isEndless = endless(sharesAbove(host, lock, server, ancestors))
  if (isEndless === true) throw endlessWait(source)
  const open = await source.open()
  const work = () => acquireAndRun(source, open, isEndless === 'perhaps', context)
  try {
    return await reportingOutcome(work, async outcome => await open.record?.(outcome))
  } finally {
    await open.close?.()
  }
}

async function acquireAndRun(
  source: LockSource,
  open: OpenLock,
  atOnce: boolean,
  context: RunContext,
): Promise<Outcome> {
  const { host, settings } = context
  const { lock, server, share } = source
  const marker = heldEntry(host.pid, lock, server, share)
  const reserve = new PrestartedGuard({ ...guardTimes(settings), marker, path: host.env.PATH })
  try {
    const patience = atOnce ? { ...context, waitMs: 0 } : context
    const grant = await awaitGrant(open, patience, lifeline => reserve.prepare(lifeline))
    if (!('outcome' in grant)) return await runUnderLock(grant, { lock, marker }, context, reserve.take())
    if (atOnce && grant.outcome.kind === 'timed-out') throw endlessWait(source)
    return grant.outcome
  } finally {
    reserve.dismiss()
  }
}

function endlessWait({ lock, title = lock }: LockSource): SeraError {
  return new SeraError('conflict', `deadlock: a parent sera already holds ${title}`)
}

/**
 * A guard started during the wait, so the command starts without delay when the lock is granted. It holds the lifeline of
 * the waiting connection, and has no child yet.
 */
class PrestartedGuard {
  #guard: Guard | undefined

  constructor(readonly options: Omit<GuardOptions, 'lifeline'>) {}

  /** The lifeline of the wait has changed; undefined: the new one is not known yet. */
  prepare(lifeline: number | 'none' | undefined): void {
    this.dismiss()
    if (lifeline === undefined) return
    try {
      this.#guard = new Guard({ ...this.options, lifeline: lifeline === 'none' ? undefined : lifeline })
    } catch {} // sera starts another guard when the lock is granted; that failure counts
  }

  /** Returns the guard, if there is one. */
  take(): Guard | undefined {
    const guard = this.#guard
    this.#guard = undefined
    return guard
  }

  dismiss(): void {
    this.take()?.dismiss()
  }
}
