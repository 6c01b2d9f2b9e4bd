/** How far a busy machine lags, for a bound that must hold on any. */
import { setTimeout as sleep } from 'node:timers/promises'

const NAP_MS = 50

/**
 * Naps over and over from now on, and adds up what each nap takes beyond its time. It includes how late this process
 * itself sees what it waits for.
 */
export class Lag {
  #lagMs = 0
  #isOver = false
  readonly #naps = this.#nap()

  /** The lag up to now. It ends the measurement. */
  async ms(): Promise<number> {
    this.#isOver = true
    await this.#naps
    return Math.round(this.#lagMs)
  }

  async #nap(): Promise<void> {
    while (!this.#isOver) {
      const begun = performance.now()
      await sleep(NAP_MS)
      this.#lagMs += performance.now() - begun - NAP_MS
    }
  }
}
