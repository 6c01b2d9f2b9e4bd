/** `sera <wait> <command…>`: one mutex around one command. */
import { ancestors } from '../child/process-table.js'
import type { HeldLock, MutexEngine, OnQueued } from '../claims/lock.js'
import { sayDetail, sayNews } from '../cli/output/messages.js'
import { shortened } from '../cli/output/progress-line.js'
import { holderSummary } from '../cli/output/queue-summary.js'
import type { Report } from '../cli/output/report.js'
import { describeDsn } from '../config/dsn.js'
import type { Deadline } from '../deadline.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { lockName } from '../lockname/lockname.js'
import type { Outcome } from '../outcome.js'
import { GetLockMutex } from '../store/get-lock/mutex.js'
import { supportRules } from '../store/get-lock/server-support.js'
import { attributesOf } from '../store/mysql/connect.js'
import type { LockTables } from '../store/tables/lock-tables.js'
import { AutoMutex } from './auto-mutex.js'
import { awaitGrant, type LockSource } from './await-grant.js'
import { heldAbove, heldEntry } from './child-environment.js'
import type { Call } from './context.js'
import { reportingOutcome } from './context.js'
import { guardTimes } from './guarded-run.js'
import { runUnderLock } from './hold-lock.js'
import { PrestartedGuard } from './prestarted-guard.js'

/** What is known of the run grows in `report`, so that a run that fails half-way still tells the rest. */
export async function runWithLock(call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const { command, shown, waitMs, options, settings } = call
  const server = describeDsn(settings.server)
  const lock = lockName(command, { name: options.name, namespace: settings.namespace })
  Object.assign(report, { lock, command: shown, waitMs })
  if (heldAbove(host, lock, server, ancestors)) {
    throw new SeraError('conflict', `lock ${lock} is held by a sera above this one; waiting for it would never end`)
  }
  const tables = new LazyTables(lock, call, host)
  const mutex = await openMutex(call, host, lock, tables)
  const marker = heldEntry(host.pid, lock, server)
  const reserve = new PrestartedGuard({ ...guardTimes(settings), marker, path: host.env.PATH })
  const work = async (): Promise<Outcome> => {
    const grant = await awaitGrant(lockSourceAt(mutex, call, host, reserve), call, host, report)
    if ('outcome' in grant) return grant.outcome
    if (grant.taken === 'free') return { kind: 'skipped' }
    return await runUnderLock(grant.taken, { lock, marker }, call, host, report, reserve)
  }
  try {
    return await reportingOutcome(work, outcome => tables.record(outcome, report))
  } finally {
    reserve.dismiss()
    mutex.close()
  }
}

async function openMutex(call: Call, host: Host, lock: string, tables: LazyTables): Promise<MutexEngine> {
  const { engine } = call.settings
  if (engine === 'lease') return await tables.mutex()
  const getLock = openGetLock(call, host, lock)
  if (engine === 'get_lock') return getLock
  return new AutoMutex(getLock, async () => {
    sayDetail(host, call.voice, 'the server is a member of a cluster; locking in the lock tables (engine lease)')
    return await tables.mutex()
  })
}

function openGetLock({ shown, settings }: Call, host: Host, lock: string): MutexEngine {
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
  call: Call,
  host: Host,
  reserve: PrestartedGuard,
): LockSource<HeldLock | 'free'> {
  const onQueued: OnQueued = lifeline => reserve.prepare(lifeline)
  return {
    what: `for ${shortened(call.options.name ?? call.shown.join(' '))}`,
    ask: holderSummary(mutex, host.clock),
    acquire: deadline =>
      call.settings.waitAndSkip ? runOrSkip(call, host, mutex, deadline, onQueued) : mutex.acquire(deadline, onQueued),
    async explainTimeout() {
      const holder = await mutex.holder()
      return holder ? { holder } : {}
    },
  }
}

/** The first to lock runs; the others wait until it has finished, and don't. */
async function runOrSkip(
  call: Call,
  host: Host,
  mutex: MutexEngine,
  deadline: Deadline,
  onQueued: OnQueued,
): Promise<HeldLock | 'free' | undefined> {
  const lock = await mutex.acquire({ ...deadline, until: host.clock.now() }, onQueued)
  if (lock) {
    sayDetail(host, call.voice, 'first past the post; running the command')
    return lock
  }
  sayNews(host, call.voice, 'somebody else has the lock; waiting for them, and not running the command')
  return (await mutex.awaitFree(deadline)) ? 'free' : undefined
}

/**
 * The lock tables, as the classic command comes to them: to hold its lock there (engine lease), or at most to leave an
 * entry of what it did. Most runs do neither, so that what it takes is loaded only then.
 */
class LazyTables {
  /** Closed by the mutex that is there. */
  #opened: LockTables | undefined

  constructor(
    readonly lock: string,
    readonly call: Call,
    readonly host: Host,
  ) {}

  async mutex(): Promise<MutexEngine> {
    const [{ openTables, openSession: participantAt }, { LeaseMutex }] = await Promise.all([
      import('./open-session.js'),
      import('./lease-mutex.js'),
    ])
    this.#opened = openTables(this.call, this.host)
    return new LeaseMutex(this.lock, participantAt(this.#opened, this.call, this.host))
  }

  async record(outcome: Outcome, report: Partial<Report>): Promise<void> {
    const { lock, call, host } = this
    if (!this.#opened && !call.settings.history?.always) return
    const [{ openTables }, { recordHistory: record }] = await Promise.all([
      import('./open-session.js'),
      import('./record-history.js'),
    ])
    const tables = this.#opened ?? openTables(call, host)
    await record(tables, { kind: 'mutex', name: lock }, outcome, call, host, report)
    if (!this.#opened) await tables.close()
  }
}
