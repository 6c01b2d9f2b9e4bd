/** The engine `lease`: the classic command's lock as a claim in the lock tables. */
import { after } from '../clock.js'
import { MUTEX } from '../primitives/mutex.js'
import type { Ask, Participant } from '../primitives/participant.js'
import type { Place } from '../primitives/place.js'
import { takeTurn } from '../primitives/turn.js'
import type { HeldLock, Holder, Mutex, Queue, Wait } from '../store/port.js'
import { HeldPlace } from './held-place.js'

/** A lock that was free is granted sooner; see `Wait.queued`. */
const QUEUED_AFTER_MS = 50

export class LeaseMutex implements Mutex {
  /** The claim that waits, by its id. */
  #waiting = ''

  constructor(
    readonly name: string,
    readonly participant: Participant,
  ) {}

  async acquire(wait: Wait): Promise<HeldLock | undefined> {
    const settled = after(QUEUED_AFTER_MS, () => wait.queued?.('none'))
    const granted = await this.#take({}, wait).finally(settled)
    return granted && new HeldPlace(this.participant, granted)
  }

  async awaitFree(wait: Wait): Promise<boolean> {
    const passed = await this.#take({ mode: 'pass' }, wait)
    if (passed) this.participant.forget(passed)
    return passed !== undefined
  }

  async holder(): Promise<Holder | undefined> {
    const holder = (await this.queue())?.contenders.find(({ state }) => state === 'granted')
    return holder && { connection: undefined, host: holder.host, pid: holder.pid, command: holder.command }
  }

  async queue(): Promise<Queue | undefined> {
    try {
      const contenders = await this.participant.store.contenders(this.#key, { until: this.participant.clock.now() })
      return { contenders, mine: this.#waiting }
    } catch {
      return undefined // news for a person; the lock itself will tell what is wrong
    }
  }

  close(): void {
    void this.participant.close()
  }

  #take(ask: Ask, wait: Wait): Promise<Place | undefined> {
    const place = this.participant.place(this.#key)
    this.#waiting = place.id
    return takeTurn(this.participant, place, ask, MUTEX, wait)
  }

  get #key() {
    return { kind: 'mutex', name: this.name }
  }
}
