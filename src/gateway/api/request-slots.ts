/**
 * One request at a time for each id. A client that has lost its connection and asks again may be quicker than the
 * news that it has hung up: so whoever comes later goes on, once the former has stopped.
 */
import { SeraError } from '../../errors.js'

export class RequestSlots {
  readonly #under = new Map<string, { stop(): void; stopped: Promise<void> }>()

  /** @throws what the work throws, which is told by its signal when another takes its place */
  async take<T>(id: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let other = this.#under.get(id); other; other = this.#under.get(id)) {
      other.stop()
      await other.stopped
    }
    const replaced = new AbortController()
    const result = work(AbortSignal.any([signal, replaced.signal]))
    const stopped = result.then(ignore, ignore).then(() => void this.#under.delete(id))
    this.#under.set(id, { stop: () => replaced.abort(another()), stopped })
    return await result
  }
}

function ignore(): void {}

function another(): SeraError {
  return new SeraError('conflict', 'another request came with this id, and goes on in the place of this one')
}
