/**
 * What a referee writes down, and what it makes of it. Everything happens in the order in which it is told here.
 *
 * A holding lasts from its grant to its end. Two at once are an overlap; a token that is not greater than all before is out
 * of order. Beside the lock the referee keeps a counter, which holders read and write back one greater without any
 * other protection: what is missing from it in the end are updates that were lost.
 */

export interface RecordedHold {
  who: string
  token: number
  /** Its holder was stopped from outside, or its claim was broken: what it still does is not the lock's to prevent. */
  excused: boolean
}

/** What happened, beside grants and ends: how often. */
export type Tally = Record<string, number>

export interface Violations {
  grants: number
  overlaps: string[]
  outOfOrder: string[]
  /** Of the referee's counter. */
  lostUpdates: number
  /** Written by somebody who no longer had the lock and had no excuse. */
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
  readonly #holdings = new Map<string, RecordedHold>()

  /** Who holds now, and has no excuse. */
  get holders(): RecordedHold[] {
    return [...this.#holdings.values()].filter(({ excused }) => !excused)
  }

  get grants(): number {
    return [...this.#grants.values()].reduce((sum, grants) => sum + grants, 0)
  }

  grantsOf(team: string): number {
    return this.#grants.get(team) ?? 0
  }

  get value(): number {
    return this.#value
  }

  grant(who: string, token: number, excused: boolean): void {
    const [team = ''] = who.split('.')
    this.#grants.set(team, this.grantsOf(team) + 1)
    if (!excused)
      for (const other of this.holders) this.overlaps.push(`${token} of ${who}, with ${other.token} of ${other.who}`)
    if (token <= this.#newest && !excused) this.outOfOrder.push(`${token} of ${who}, after ${this.#newest}`)
    this.#newest = Math.max(this.#newest, token)
    this.#holdings.set(who, { who, token, excused })
  }

  end(who: string): void {
    this.#holdings.delete(who)
  }

  expectViolation(who: string): void {
    const holding = this.#holdings.get(who)
    if (holding) holding.excused = true
  }

  /** It was told to stop, and has had the time. */
  mustHaveEnded({ who, token }: RecordedHold): void {
    if (this.#holdings.get(who)?.token === token)
      this.overlaps.push(`${token} of ${who}, long after its claim was broken`)
  }

  /** As a storage that looks at tokens. Without an excuse it is told that it should not have come, and counted. */
  write(who: string, token: number, value: number): boolean {
    const holding = this.#holdings.get(who)
    if (token < this.#newest && holding?.excused !== false) {
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

  verdict(): Violations {
    const { grants, overlaps, outOfOrder, lateWrites, tally } = this
    return { grants, overlaps, outOfOrder, lateWrites, tally, lostUpdates: this.#writes - this.#value }
  }
}
