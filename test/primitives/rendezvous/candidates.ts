/** Finds matches of a rendezvous by trying every set, and generates participants for it. */
import fc from 'fast-check'
import { parseLabels } from '../../../src/selector/labels.js'
import { matches } from '../../../src/selector/matches.js'
import { parseSelector } from '../../../src/selector/selector.js'

export interface GeneratedCandidate {
  labels?: string | undefined
  selector?: string | undefined
  units: number
}

/** Few values, so that some participants match and some do not. */
const LABELS = ['', 'role=web', 'role=db', 'role=db,zone=1', 'role=web,zone=2', 'zone=3']
const SELECTORS = [
  '',
  'role=web',
  'role=db',
  'role!=db',
  'zone',
  '!zone',
  'zone>1',
  'role in (web,db)',
  'zone notin (1)',
]

export const candidates = fc.record({
  labels: fc.constantFrom(...LABELS),
  selector: fc.oneof(fc.constant(''), fc.constantFrom(...SELECTORS)),
  units: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.constantFrom(0, 4)),
})

/** The oldest complete set, with `me` in it if given. `all` is short and in order of arrival: it tries every set. */
export function oldestByTrying<G extends GeneratedCandidate>(all: readonly G[], me?: G): readonly G[] | undefined {
  let oldest: number[] | undefined
  for (let bits = 1; bits < 2 ** all.length; bits++) {
    const set = all.flatMap((_, at) => (bits & (2 ** at) ? [at] : []))
    if ((me && !set.includes(all.indexOf(me))) || !isComplete(set.map(at => all[at] as G))) continue
    if (!oldest || isOlder(set, oldest)) oldest = set
  }
  return oldest?.map(at => all[at] as G)
}

export function isComplete(set: readonly GeneratedCandidate[]): boolean {
  if (set.length !== 1 + Math.max(...set.map(({ units }) => units))) return false
  if (set.length > 1 && set.some(({ units }) => units === 0)) return false
  return set.every(one => set.every(other => one === other || accepts(one, other)))
}

function accepts({ selector }: GeneratedCandidate, { labels }: GeneratedCandidate): boolean {
  return matches(parseSelector(selector ?? ''), parseLabels(labels ?? ''))
}

/** The order of words in a dictionary. */
function isOlder(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((place, index) => place !== other[index])
  return at !== -1 && other[at] !== undefined && (one[at] as number) < (other[at] as number)
}
