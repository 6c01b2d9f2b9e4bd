/**
 * The lock tables, as the classic command comes to them: to hold its lock there (engine lease), or at most to leave an
 * entry of what it did. Most runs do neither, so that what it takes is loaded only then.
 */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import type { LockTables } from '../store/lock-tables.js'
import type { MutexEngine } from '../store/port.js'
import type { Call } from './call.js'
import type { Report } from './report.js'

export class LazyTables {
  /** Closed by the mutex that is there. */
  #opened: LockTables | undefined

  constructor(
    readonly lock: string,
    readonly call: Call,
    readonly host: Host,
  ) {}

  async mutex(): Promise<MutexEngine> {
    const [{ openTables, openSession: participantAt }, { LeaseMutex }] = await Promise.all([
      import('./participant.js'),
      import('./lease-mutex.js'),
    ])
    this.#opened = openTables(this.call, this.host)
    return new LeaseMutex(this.lock, participantAt(this.#opened, this.call, this.host))
  }

  async record(outcome: Outcome, report: Partial<Report>): Promise<void> {
    const { lock, call, host } = this
    if (!this.#opened && !call.settings.history?.always) return
    const [{ openTables }, { recordHistory: record }] = await Promise.all([
      import('./participant.js'),
      import('./record.js'),
    ])
    const tables = this.#opened ?? openTables(call, host)
    await record(tables, { kind: 'mutex', name: lock }, outcome, call, host, report)
    if (!this.#opened) await tables.close()
  }
}
