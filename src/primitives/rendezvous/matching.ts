/**
 * Finds the oldest complete set of waiters.
 *
 * 1. A set is complete when every two members accept each other and it has as many members as its most demanding member wants.
 * 2. Sets are ordered like words in a dictionary, with the members in order of arrival as letters. The first set is the oldest.
 * 3. The search tries sets in this order, so the first complete set that it finds is the oldest. It does not extend a set that cannot
 *    be completed.
 * 4. This is the clique problem, which has no known algorithm that is always fast. So the search stops after a fixed number of
 *    `accept` calls.
 */
export interface Candidates<T> {
  /** In order of arrival. */
  all: readonly T[]
  /** The smallest set that this candidate wants to be in, itself included. */
  sizeFor(candidate: T): number
  /** Whether each accepts the other. */
  accept(candidate: T, other: T): boolean
}

/** `accept` calls of one search: a tenth of a second or less. */
const MOST_CALLS = 250_000

/** The oldest complete set with `me` in it. Undefined: there is none, or the search stopped before it found one. */
export function oldestSet<T>(candidates: Candidates<T>, me: T, mostCalls = MOST_CALLS): readonly T[] | undefined {
  const search = new Search(candidates, me, mostCalls)
  const accepted = search.acceptedBy(me, candidates.all)
  if (accepted.length < candidates.sizeFor(me)) return undefined
  return search.extend({ set: [], wanted: 0, hasMe: false }, accepted)
}

interface PartialSet<T> {
  set: readonly T[]
  /** The size that the most demanding member wants. */
  wanted: number
  hasMe: boolean
}

class Search<T> {
  constructor(
    readonly candidates: Candidates<T>,
    readonly me: T,
    public callsLeft: number,
  ) {}

  /** The oldest complete set that starts with `set` and continues with members of `rest`, which all members of `set` accept. */
  extend({ set: chosen, wanted: before, hasMe: had }: PartialSet<T>, rest: readonly T[]): readonly T[] | undefined {
    for (const [at, next] of rest.entries()) {
      const set = [...chosen, next]
      const wanted = Math.max(before, this.candidates.sizeFor(next))
      const hasMe = had || next === this.me
      if (hasMe && set.length === wanted) return set
      const left = set.length + rest.length - at > wanted ? this.acceptedBy(next, rest.slice(at + 1)) : []
      const found = this.#canGrow(set.length, wanted, left) ? this.extend({ set, wanted, hasMe }, left) : undefined
      // the sets after this one do not contain me
      if (found || next === this.me || this.callsLeft < 0) return found
    }
    return undefined
  }

  acceptedBy(candidate: T, others: readonly T[]): T[] {
    this.callsLeft -= others.length
    return others.filter(other => other === candidate || this.candidates.accept(candidate, other))
  }

  /** Whether members of `left` may make the set complete: enough of them, and one that wants the larger size. */
  #canGrow(size: number, wanted: number, left: readonly T[]): boolean {
    if (size + left.length < wanted) return false
    return wanted > size || left.some(candidate => this.candidates.sizeFor(candidate) > size)
  }
}
