/**
 * Acquire, run, release, record: the one body of everything that runs a command under a lock, whatever holds that lock.
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

/** What a subcommand that wraps a command has to say of its lock. */
export interface LockSource {
  /** As reports, logs and the command call it. */
  lock: string
  /** As messages call it, if that is more. */
  title?: string
  /** The server that has it, as SERA_HELD names it: the same for all runs that are configured alike. */
  server: string
  /** How much of it is held, for a sera below this one; all of it when absent. */
  share?: string
  /**
   * Whether a wait could never end because the seras above this one hold these shares; `perhaps` when other participants
   * decide that. When absent: if they hold any.
   */
  endless?(above: readonly string[]): boolean | 'perhaps'
  open(): OpenLock | Promise<OpenLock>
}

/** The lock, while a run waits for it and holds it. */
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
 * A guard that is started while the lock is waited for, so that the command need not wait for its start when the lock is
 * handed over. It holds the lifeline of the connection that waits, and knows of no child yet.
 */
class PrestartedGuard {
  #guard: Guard | undefined

  constructor(readonly options: Omit<GuardOptions, 'lifeline'>) {}

  /** The wait goes on with this lifeline, or, undefined, with one that is not known yet. */
  prepare(lifeline: number | 'none' | undefined): void {
    this.dismiss()
    if (lifeline === undefined) return
    try {
      this.#guard = new Guard({ ...this.options, lifeline: lifeline === 'none' ? undefined : lifeline })
    } catch {} // tried again, and then for good, when the lock is granted
  }

  /** Hands the guard over, if there is one. */
  take(): Guard | undefined {
    const guard = this.#guard
    this.#guard = undefined
    return guard
  }

  dismiss(): void {
    this.take()?.dismiss()
  }
}
