import type { Cancel, Clock } from '../../clock.js'

/**
 * Claims that stay as records of what was done, until nobody asks for them any more: for one to two periods, and
 * then they are taken away, many at a time. Those of a gateway that has ended are taken for dead by whoever comes
 * there next.
 */
export class IdempotencyRecords {
  #young: string[] = []
  #old: string[] = []
  #aging: Cancel | undefined

  constructor(
    readonly periodMs: number,
    readonly remove: (ids: readonly string[]) => Promise<unknown>,
    readonly clock: Clock,
    closing: AbortSignal,
  ) {
    closing.addEventListener('abort', () => this.#aging?.(), { once: true })
  }

  keep(id: string): void {
    this.#young.push(id)
    this.#plan()
  }

  #plan(): void {
    this.#aging ??= this.clock.after(this.periodMs, () => this.#age())
  }

  #age(): void {
    this.#aging = undefined
    if (this.#old.length > 0) this.remove(this.#old).catch(() => {}) // their lease ends them, too
    this.#old = this.#young
    this.#young = []
    if (this.#old.length > 0) this.#plan()
  }
}
