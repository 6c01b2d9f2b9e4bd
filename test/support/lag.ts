/** How far a busy machine lags, for a bound that must hold on any. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const NAP_MS = 50

/**
 * Does from now on what the guard does, a nap in a process of its own, over and over, and adds up what each nap takes
 * beyond its time. An idle machine lags by a few hundredths of a second in a second.
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
      await once(spawn('sleep', [String(NAP_MS / 1000)], { stdio: 'ignore' }), 'exit')
      this.#lagMs += performance.now() - begun - NAP_MS
    }
  }
}
