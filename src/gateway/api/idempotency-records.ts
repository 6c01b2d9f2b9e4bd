import type { Cancel, Clock } from '../../clock.js'

/**
 * Granted claims that stay as records of finished requests. Each is kept for one to two periods; then it is deleted, many at a
 * time. The records of a gateway that has died expire, and the next participant reaps them.
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
    if (this.#old.length > 0) this.remove(this.#old).catch(() => {}) // if this fails, their leases end them
    this.#old = this.#young
    this.#young = []
    if (this.#old.length > 0) this.#plan()
  }
}
