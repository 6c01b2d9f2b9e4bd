/**
 * Records the checker's messages in order of arrival, and finds the violations.
 *
 * A hold lasts from its grant to its end. Two holds at once are an overlap. A token that is not greater than all
 * earlier ones is out of order. The checker also keeps a counter, which holders read and write back increased by one,
 * protected only by the lock: what the counter lacks at the end are lost updates.
 */

export interface RecordedHold {
  who: string
  token: number
  /** The test stopped the holder or broke its claim: the lock cannot prevent what the holder still does. */
  expected: boolean
}

/** How often each other event happened. */
export type Tally = Record<string, number>

export interface Violations {
  grants: number
  overlaps: string[]
  outOfOrder: string[]
  /** Lost updates of the checker's counter. */
  lostUpdates: number
  /** Writes of clients that no longer held the lock, while no violation was expected of them. */
  lateWrites: string[]
  tally: Tally
}

export class Ledger {
  readonly #grants = new Map<string, number>()
  readonly overlaps: string[] = []
  readonly outOfOrder: string[] = []
  readonly lateWrites: string[] = []
  readonly tally: Tally = {}
  #writes = 0
  #value = 0
  #newest = 0
  readonly #holds = new Map<string, RecordedHold>()

  /** The current holds of which no violation is expected. */
  get holders(): RecordedHold[] {
    return [...this.#holds.values()].filter(({ expected }) => !expected)
  }

  get grants(): number {
    return [...this.#grants.values()].reduce((sum, grants) => sum + grants, 0)
  }

  grantsOf(process: string): number {
    return this.#grants.get(process) ?? 0
  }

  get value(): number {
    return this.#value
  }

  grant(who: string, token: number, expected: boolean): void {
    const [process = ''] = who.split('.')
    this.#grants.set(process, this.grantsOf(process) + 1)
    if (!expected)
      for (const other of this.holders) this.overlaps.push(`${token} of ${who}, with ${other.token} of ${other.who}`)
    if (token <= this.#newest && !expected) this.outOfOrder.push(`${token} of ${who}, after ${this.#newest}`)
    this.#newest = Math.max(this.#newest, token)
    this.#holds.set(who, { who, token, expected })
  }

  end(who: string): void {
    this.#holds.delete(who)
  }

  expectViolation(who: string): void {
    const hold = this.#holds.get(who)
    if (hold) hold.expected = true
  }

  /** Call it when the claim was broken and the holder has had time to stop. */
  mustHaveEnded({ who, token }: RecordedHold): void {
    if (this.#holds.get(who)?.token === token) this.overlaps.push(`${token} of ${who}, long after its claim was broken`)
  }

  /**
   * Writes like a storage that checks tokens. A late write of which no violation was expected is recorded and accepted.
   *
   * @returns whether the write was accepted
   */
  write(who: string, token: number, value: number): boolean {
    const hold = this.#holds.get(who)
    if (token < this.#newest && hold?.expected !== false) {
      this.note('refused by the token')
      return false
    }
    if (token < this.#newest) this.lateWrites.push(`${token} of ${who}, after ${this.#newest}`)
    this.#writes++
    this.#value = value
    return true
  }

  note(word: string): void {
    this.tally[word] = (this.tally[word] ?? 0) + 1
  }

  violations(): Violations {
    const { grants, overlaps, outOfOrder, lateWrites, tally } = this
    return { grants, overlaps, outOfOrder, lateWrites, tally, lostUpdates: this.#writes - this.#value }
  }
}
