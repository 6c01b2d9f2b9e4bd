/** A participant of a rendezvous: its labels, and the selector that other participants must match. */

import type { Claim } from '../../claims/model.js'
import type { ClaimSpec } from '../../claims/session.js'
import { SeraError } from '../../errors.js'
import { formatLabels, type Labels, parseLabels } from '../../selector/labels.js'
import { matches } from '../../selector/matches.js'
import { faultOfValue } from '../../selector/names.js'
import { formatSelector, parseSelector, type Selector } from '../../selector/selector.js'
import { checkCount, checkName } from '../names.js'

export interface Candidate {
  labels: Labels
  selector: Selector
  /** How many others it wants to meet, at least. */
  mates: number
}

export const MOST_MATES = 63
/** Bytes. */
export const LONGEST_PAYLOAD = 16 * 1024
/** Characters of all labels, and of a selector. */
const LONGEST_TEXT = 4096

export interface CandidateOptions {
  actor: string
  /** Default: 1. */
  mates?: number | undefined
  /** All labels, including `actor`: see `withActor`. */
  labels: Labels
  /** Text for the others. */
  payload?: string | undefined
  /** Default: `actor!=<actor>`. */
  selector?: string | undefined
}

/** Whether the two may meet: each selector matches the other's labels. A participant with mates 0 passes alone, as in syncnet. */
export function accept(one: Candidate, other: Candidate): boolean {
  if (one.mates === 0 || other.mates === 0) return false
  return matches(one.selector, other.labels) && matches(other.selector, one.labels)
}

/** Adds `actor=<actor>` unless the labels have the key. @throws SeraError usage, when the name is not valid as a label's value */
export function withActor(actor: string, labels: Labels): Labels {
  return labels.has('actor') ? labels : new Map([['actor', asValue(actor)], ...labels])
}

/** @throws SeraError usage */
export function claimSpecOf({ actor, mates = 1, labels, selector, payload }: CandidateOptions): ClaimSpec {
  const wanted = selector ?? `actor!=${labels.get('actor') ?? asValue(actor)}`
  return {
    tag: checkName('actor', actor),
    units: checkCount('mates', mates, MOST_MATES, 0),
    labels: checkLength('labels', formatLabels(labels)),
    selector: checkLength('selector', formatSelector(parseSelector(wanted))),
    ...(payload === undefined ? {} : { payload: checkPayload(payload) }),
  }
}

/** Undefined for a claim that cannot be parsed: another version of sera may have written it. */
export function candidateOf(claim: Pick<Claim, 'labels' | 'selector' | 'units'>): Candidate | undefined {
  const labels = labelsOf(claim.labels ?? '')
  const selector = selectorOf(claim.selector ?? '')
  const mates = claim.units
  return labels && selector && mates >= 0 && mates <= MOST_MATES ? { labels, selector, mates } : undefined
}

/** Cached texts. A thousand may wait, and each poll of each parses the labels and selectors of all others. */
const CACHE_SIZE = 5000

const labelsOf = cached(parseLabels)
const selectorOf = cached(parseSelector)

/** Caches the parsed values; undefined for a text that cannot be parsed. */
function cached<T>(parse: (text: string) => T): (text: string) => T | undefined {
  const known = new Map<string, T | undefined>()
  return text => {
    if (known.has(text)) return known.get(text)
    if (known.size >= CACHE_SIZE) known.clear()
    const value = valueOrUndefined(() => parse(text))
    known.set(text, value)
    return value
  }
}

function valueOrUndefined<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SeraError) return undefined
    throw error
  }
}

function asValue(actor: string): string {
  const fault = faultOfValue(checkName('actor', actor))
  if (!fault) return actor
  const column = [...actor.slice(0, fault.at)].length + 1
  throw new SeraError('usage', `actor ${JSON.stringify(actor)} is a label's value, column ${column}: ${fault.problem}`)
}

function checkLength(what: string, text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  throw new SeraError('usage', `${what}: ${text.length} characters, at most ${LONGEST_TEXT} are allowed`)
}

function checkPayload(payload: unknown): string {
  if (typeof payload !== 'string') throw new SeraError('usage', `payload: expected text, got ${typeof payload}`)
  if (/\p{Cs}/u.test(payload)) throw new SeraError('usage', 'payload: it contains half a surrogate pair')
  if (Buffer.byteLength(payload) <= LONGEST_PAYLOAD) return payload
  throw new SeraError('usage', `payload: more than ${LONGEST_PAYLOAD} bytes`)
}
