/** Measures how far a busy machine lags, for a bound that must hold on any machine. */
import { setTimeout as sleep } from 'node:timers/promises'

const NAP_MS = 50

/**
 * Sleeps repeatedly from now on, and sums up how much longer each sleep took. This includes how late this process
 * notices what it waits for.
 */
export class Lag {
  #lagMs = 0
  #isOver = false
  readonly #naps = this.#nap()

  /** Ends the measurement. @returns the lag */
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
