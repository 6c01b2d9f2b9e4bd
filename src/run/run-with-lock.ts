/** `sera <wait> <command…>`: one mutex around one command. */
import { ancestors } from '../child/process-table.js'
import type { HeldLock, LockWait, MutexEngine } from '../claims/lock.js'
import { holderSummary } from '../cli/output/holder-summary.js'
import { shortened } from '../cli/output/progress-line.js'
import { describeDsn } from '../config/dsn.js'
import { SeraError } from '../errors.js'
import { lockName } from '../lockname/lockname.js'
import type { Outcome } from '../outcome.js'
import { GetLockMutex } from '../store/get-lock/mutex.js'
import { supportRules } from '../store/get-lock/server-support.js'
import { attributesOf } from '../store/mysql/connect.js'
import type { LockTables } from '../store/tables/lock-tables.js'
import { AutoMutex } from './auto-mutex.js'
import { awaitGrant, type LockSource } from './await-grant.js'
import { heldAbove, heldEntry } from './child-environment.js'
import type { RunContext } from './context.js'
import { guardTimes } from './guarded-run.js'
import { runUnderLock } from './hold-lock.js'
import { PrestartedGuard } from './prestarted-guard.js'
import { reportingOutcome } from './reporting-outcome.js'

export async function runWithLock(context: RunContext): Promise<Outcome> {
  const { host, report, command, shown, waitMs, options, settings } = context
  const server = describeDsn(settings.server)
  const lock = lockName(command, { name: options.name, namespace: settings.namespace })
  Object.assign(report, { lock, command: shown, waitMs })
  if (heldAbove(host, lock, server, ancestors)) {
    throw new SeraError('conflict', `lock ${lock} is held by a sera above this one; waiting for it would never end`)
  }
  const tables = new LazyTables(lock, context)
  const mutex = await openMutex(context, lock, tables)
  const marker = heldEntry(host.pid, lock, server)
  const reserve = new PrestartedGuard({ ...guardTimes(settings), marker, path: host.env.PATH })
  const work = async (): Promise<Outcome> => {
    const grant = await awaitGrant(lockSourceAt(mutex, context, reserve), context)
    if ('outcome' in grant) return grant.outcome
    if (grant.taken === 'free') return { kind: 'skipped' }
    return await runUnderLock(grant.taken, { lock, marker }, context, reserve)
  }
  try {
    return await reportingOutcome(work, outcome => tables.record(outcome))
  } finally {
    reserve.dismiss()
    mutex.close()
  }
}

async function openMutex(context: RunContext, lock: string, tables: LazyTables): Promise<MutexEngine> {
  const { engine } = context.settings
  if (engine === 'lease') return await tables.mutex()
  const getLock = openGetLock(context, lock)
  if (engine === 'get_lock') return getLock
  return new AutoMutex(getLock, async () => {
    context.messages.detail('the server is a member of a cluster; locking in the lock tables (engine lease)')
    return await tables.mutex()
  })
}

function openGetLock({ shown, settings, host }: RunContext, lock: string): MutexEngine {
  return new GetLockMutex(lock, {
    dsn: settings.server,
    connectWaitMs: settings.connectWaitMs,
    attributes: attributesOf(host.pid, shown, lock),
    leaseMs: settings.leaseMs,
    rules: supportRules(settings.engine, settings.allowMultiPrimary),
    clock: host.clock,
    random: host.random,
  })
}

/** `free`: somebody else had it and has let go of it (`--wait-and-skip`). */
function lockSourceAt(
  mutex: MutexEngine,
  context: RunContext,
  reserve: PrestartedGuard,
): LockSource<HeldLock | 'free'> {
  const queued: LockWait['queued'] = lifeline => reserve.prepare(lifeline)
  return {
    what: `for ${shortened(context.options.name ?? context.shown.join(' '))}`,
    ask: holderSummary(mutex, context.host.clock),
    acquire: wait =>
      context.settings.waitAndSkip
        ? runOrSkip(context, mutex, { ...wait, queued })
        : mutex.acquire({ ...wait, queued }),
    async explainTimeout() {
      const holder = await mutex.holder()
      return holder ? { holder } : {}
    },
  }
}

/** The first to lock runs; the others wait until it has finished, and don't. */
async function runOrSkip(
  { host, messages }: RunContext,
  mutex: MutexEngine,
  wait: LockWait,
): Promise<HeldLock | 'free' | undefined> {
  const lock = await mutex.acquire({ ...wait, until: host.clock.now() })
  if (lock) {
    messages.detail('first past the post; running the command')
    return lock
  }
  messages.news('somebody else has the lock; waiting for them, and not running the command')
  return (await mutex.awaitFree(wait)) ? 'free' : undefined
}

/**
 * The lock tables, as the classic command comes to them: to hold its lock there (engine lease), or at most to leave an
 * entry of what it did. Most runs do neither, so that what it takes is loaded only then.
 */
export class LazyTables {
  /** Closed by the mutex that is there. */
  #opened: LockTables | undefined

  constructor(
    readonly lock: string,
    readonly context: RunContext,
  ) {}

  async mutex(): Promise<MutexEngine> {
    const [{ openTables, openSession: participantAt }, { LeaseMutex }] = await Promise.all([
      import('./open-session.js'),
      import('./lease-mutex.js'),
    ])
    this.#opened = openTables(this.context)
    return new LeaseMutex(this.lock, participantAt(this.#opened, this.context))
  }

  async record(outcome: Outcome): Promise<void> {
    const { lock, context } = this
    if (!this.#opened && !context.settings.history?.always) return
    const [{ openTables }, { recordHistory: record }] = await Promise.all([
      import('./open-session.js'),
      import('./record-history.js'),
    ])
    const tables = this.#opened ?? openTables(context)
    await record(tables, { kind: 'mutex', name: lock }, outcome, context)
    if (!this.#opened) await tables.close()
  }
}
