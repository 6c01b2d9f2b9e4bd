/** Opens the engine of a mutex: GET_LOCK, a lease in the lock tables, or `auto`, which chooses one of them. */
import type { HeldLock, Holder, MutexEngine, OnQueued, Queue } from '../../claims/lock.js'
import type { Deadline } from '../../deadline.js'
import type { Outcome } from '../../outcome.js'
import type { RunContext } from '../../run/context.js'
import { GetLockMutex } from '../../store/get-lock/mutex.js'
import { supportRules, UnsupportedServer } from '../../store/get-lock/server-support.js'
import { attributesOf } from '../../store/mysql/connect.js'
import type { LockTables } from '../../store/tables/lock-tables.js'

export async function openEngine(lock: string, tables: LazyTables, context: RunContext): Promise<MutexEngine> {
  const { engine } = context.settings
  if (engine === 'lease') return await tables.mutex()
  const getLock = openGetLock(lock, context)
  if (engine === 'get_lock') return getLock
  return new AutoMutex(getLock, async () => {
    context.messages.detail('the server is a member of a cluster; using the lock tables (engine lease)')
    return await tables.mutex()
  })
}

function openGetLock(lock: string, { shown, settings, host }: RunContext): MutexEngine {
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

/** The engine `auto`: GET_LOCK, or a lease on a cluster where GET_LOCK does not exclude other hosts. */
class AutoMutex implements MutexEngine {
  #chosen: MutexEngine

  constructor(
    getLock: MutexEngine,
    /** Opens the engine `lease`, after the first engine is closed. */
    readonly lease: () => Promise<MutexEngine>,
  ) {
    this.#chosen = getLock
  }

  acquire(deadline: Deadline, onQueued?: OnQueued): Promise<HeldLock | undefined> {
    return this.#try(mutex => mutex.acquire(deadline, onQueued))
  }

  awaitFree(deadline: Deadline): Promise<boolean> {
    return this.#try(mutex => mutex.awaitFree(deadline))
  }

  holder(): Promise<Holder | undefined> {
    return this.#chosen.holder()
  }

  async queue(): Promise<Queue | undefined> {
    return await this.#chosen.queue?.()
  }

  close(): void {
    this.#chosen.close()
  }

  async #try<T>(work: (mutex: MutexEngine) => Promise<T>): Promise<T> {
    try {
      return await work(this.#chosen)
    } catch (error) {
      if (!(error instanceof UnsupportedServer && error.leasable)) throw error
      this.#chosen.close()
      this.#chosen = await this.lease()
      return await work(this.#chosen)
    }
  }
}

/**
 * The lock tables for a classic command: for a lock by lease, or for an entry in the history. Most runs need neither, so
 * the modules are loaded on first use.
 */
export class LazyTables {
  /** The mutex closes it. */
  #opened: LockTables | undefined

  constructor(
    readonly lock: string,
    readonly context: RunContext,
  ) {}

  async mutex(): Promise<MutexEngine> {
    const [{ openTables, openSession }, { LeaseMutex }] = await Promise.all([
      import('../../run/open-session.js'),
      import('./lease-mutex.js'),
    ])
    this.#opened = openTables(this.context)
    return new LeaseMutex(this.lock, openSession(this.#opened, this.context))
  }

  async record(outcome: Outcome): Promise<void> {
    const { lock, context } = this
    if (!this.#opened && !context.settings.history?.always) return
    const [{ openTables }, { recordHistory }] = await Promise.all([
      import('../../run/open-session.js'),
      import('../../run/record-history.js'),
    ])
    const tables = this.#opened ?? openTables(context)
    await recordHistory(tables, { kind: 'mutex', name: lock }, outcome, context)
    if (!this.#opened) await tables.close()
  }
}
