/** A clock that the test moves on; its timers fire in order meanwhile. */
import { setImmediate as settled } from 'node:timers/promises'
import type { Cancel, Clock } from '../../src/clock.js'

export class ManualClock implements Clock {
  #time = 0
  readonly #timers = new Set<{ at: number; then: () => void }>()

  now = () => this.#time
  boot = () => this.#time
  wall = () => this.#time

  after = (ms: number, then: () => void): Cancel => {
    const timer = { at: this.#time + Math.max(0, ms), then }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets `ms` pass. Work that a timer starts runs as far as it can before the next timer fires. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms
    await settled()
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#time = next.at
      next.then()
      await settled()
    }
    this.#time = end
  }

  #next(end: number) {
    return [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0]
  }
}
