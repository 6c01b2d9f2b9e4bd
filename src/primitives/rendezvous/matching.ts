/**
 * The oldest complete set: of those who wait, in order of arrival, the first who all accept each other and are as many as each
 * of them wants.
 *
 * A set is complete when it has as many members as the most demanding of them wants. Of two sets the older is the one
 * whose members, in order of arrival, come first where the two begin to differ, as words do in a dictionary. The search goes through
 * the sets in just this order, so the first that it finds is the one; it goes no further down than a complete set can be.
 *
 * Whether there is such a set is the clique problem, for which nobody knows a way that is quick in every case. So the search
 * is bounded: it gives up after so many questions who accepts whom.
 */
export interface Candidates<T> {
  /** In order of arrival. */
  all: readonly T[]
  /** How many the set has to have at least, itself included, when this one is in it. */
  sizeFor(one: T): number
  /** Whether each accepts the other. */
  accept(one: T, other: T): boolean
}

/** A tenth of a second or less. */
const QUESTIONS = 250_000

/** Undefined: there is none with `me` in it, or none was found in time. */
export function oldestSet<T>(crowd: Candidates<T>, me: T, questions = QUESTIONS): readonly T[] | undefined {
  const search = new Search(crowd, me, questions)
  const company = search.acceptedBy(me, crowd.all)
  if (company.length < crowd.sizeFor(me)) return undefined
  return search.from({ set: [], wanted: 0, hasMe: false }, company)
}

interface PartialSet<T> {
  set: readonly T[]
  /** What the most demanding of them wants. */
  wanted: number
  hasMe: boolean
}

class Search<T> {
  constructor(
    readonly crowd: Candidates<T>,
    readonly me: T,
    public questions: number,
  ) {}

  /** The oldest complete set that begins so, and goes on with some of `rest`, who are accepted by all in it. */
  from({ set: chosen, wanted: before, hasMe: had }: PartialSet<T>, rest: readonly T[]): readonly T[] | undefined {
    for (const [at, next] of rest.entries()) {
      const set = [...chosen, next]
      const wanted = Math.max(before, this.crowd.sizeFor(next))
      const hasMe = had || next === this.me
      if (hasMe && set.length === wanted) return set
      const left = set.length + rest.length - at > wanted ? this.acceptedBy(next, rest.slice(at + 1)) : []
      const found = this.#canGrow(set.length, wanted, left) ? this.from({ set, wanted, hasMe }, left) : undefined
      // those that would follow are without me
      if (found || next === this.me || this.questions < 0) return found
    }
    return undefined
  }

  acceptedBy(one: T, others: readonly T[]): T[] {
    this.questions -= others.length
    return others.filter(other => other === one || this.crowd.accept(one, other))
  }

  /** A set that grows is complete when somebody in it wants as many as there are then. */
  #canGrow(size: number, wanted: number, left: readonly T[]): boolean {
    if (size + left.length < wanted) return false
    return wanted > size || left.some(one => this.crowd.sizeFor(one) > size)
  }
}
