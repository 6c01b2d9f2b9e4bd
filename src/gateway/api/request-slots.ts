/**
 * One request at a time for each id. A client that lost its connection may ask again before the gateway notices the disconnect.
 * So a later request replaces the earlier one: it starts when the earlier one has stopped.
 */
import { SeraError } from '../../errors.js'

export class RequestSlots {
  readonly #running = new Map<string, { stop(): void; stopped: Promise<void> }>()

  /** The work's signal also aborts when a later request replaces it. @throws what the work throws */
  async take<T>(id: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let other = this.#running.get(id); other; other = this.#running.get(id)) {
      other.stop()
      await other.stopped
    }
    const replaced = new AbortController()
    const result = work(AbortSignal.any([signal, replaced.signal]))
    const stopped = result.then(ignore, ignore).then(() => void this.#running.delete(id))
    this.#running.set(id, { stop: () => replaced.abort(replacedError()), stopped })
    return await result
  }
}

function ignore(): void {}

function replacedError(): SeraError {
  return new SeraError('conflict', 'a later request with this id replaced this one')
}
