/** The engine `lease`: the classic command's lock as a claim in the lock tables. */
import { after } from '../clock.js'
import { MUTEX } from '../primitives/mutex.js'
import type { Participant } from '../primitives/participant.js'
import { takeTurn } from '../primitives/turn.js'
import type { HeldLock, Holder, Mutex, Wait } from '../store/port.js'
import { HeldPlace } from './held-place.js'

/** A lock that was free is granted sooner; see `Wait.queued`. */
const QUEUED_AFTER_MS = 50

export class LeaseMutex implements Mutex {
  constructor(
    readonly name: string,
    readonly participant: Participant,
  ) {}

  async acquire(wait: Wait): Promise<HeldLock | undefined> {
    const settled = after(QUEUED_AFTER_MS, () => wait.queued?.('none'))
    const place = this.participant.place(this.#key)
    const granted = await takeTurn(this.participant, place, {}, MUTEX, wait).finally(settled)
    return granted && new HeldPlace(this.participant, granted)
  }

  async awaitFree(wait: Wait): Promise<boolean> {
    const place = this.participant.place(this.#key)
    const passed = await takeTurn(this.participant, place, { mode: 'pass' }, MUTEX, wait)
    this.participant.forget(place)
    return passed !== undefined
  }

  async holder(): Promise<Holder | undefined> {
    try {
      const patience = { until: this.participant.clock.now() }
      const contenders = await this.participant.store.contenders(this.#key, patience)
      const holder = contenders.find(({ state }) => state === 'granted')
      return holder && { connection: undefined, host: holder.host, pid: holder.pid, command: holder.command }
    } catch {
      return undefined // news for a person; the lock itself will tell what is wrong
    }
  }

  close(): void {
    void this.participant.close()
  }

  get #key() {
    return { kind: 'mutex', name: this.name }
  }
}
