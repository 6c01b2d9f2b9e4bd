/** Asking for the picture of all that is held, of a kind, or of one resource. */

import { SeraError } from '../../errors.js'
import type { Host } from '../../host.js'
import { lockName } from '../../lockname/lockname.js'
import { checkName } from '../../primitives/names.js'
import { Calls } from '../../store/calls.js'
import type { Patience } from '../../store/claims.js'
import { attributesOf } from '../../store/connect.js'
import { survey } from '../../store/survey.js'
import type { Call } from '../call.js'
import { type Picture, pictureOf } from './picture.js'

export const KINDS = [
  'mutex',
  'rwlock',
  'semaphore',
  'counter',
  'barrier',
  'double-barrier',
  'gate',
  'rendezvous',
  'once',
] as const

export type SurveyedKind = (typeof KINDS)[number]

/** What is asked for; everything when empty. */
export interface Question {
  kind?: SurveyedKind | undefined
  name?: string | undefined
}

/** @throws SeraError usage */
export function questionOf([kind, name]: readonly string[]): Question {
  if (kind === undefined) return {}
  const known = KINDS.find(one => one === (ALIASES[kind] ?? kind))
  if (!known) throw new SeraError('usage', `<kind> is ${JSON.stringify(kind)}; it takes ${KINDS.join(', ')}`)
  return { kind: known, name: name === undefined ? undefined : checkName(known, name) }
}

const ALIASES: Record<string, SurveyedKind> = { sem: 'semaphore', br: 'barrier', sync: 'rendezvous' }

/** Reads only, on a connection of its own; to be closed. */
export function openCalls({ settings }: Call, { clock, random, pid }: Host, command: readonly string[]): Calls {
  const { servers, leaseMs, connectWaitMs, namespace } = settings
  const attributes = attributesOf(pid, command)
  return new Calls({ servers, attributes, leaseMs, connectWaitMs, namespace, clock, random, onlyReads: true })
}

/** @throws SeraError lock-failed */
export async function take(calls: Calls, { kind, name }: Question, patience: Patience): Promise<Picture> {
  const wanted =
    name === undefined ? { getLocks: mayBeLock(kind) ? ('all' as const) : undefined } : namesOf(kind, name, calls)
  return pictureOf(await survey(calls, { kind, ...wanted }, patience))
}

function mayBeLock(kind: SurveyedKind | undefined): boolean {
  return kind === undefined || kind === 'mutex'
}

/** People know a mutex by what they gave to --name, or by SERA_LOCK. With a namespace each GET_LOCK is a hash. */
function namesOf(kind: SurveyedKind | undefined, name: string, { options: { namespace } }: Calls) {
  if (!mayBeLock(kind)) return { names: [name], getLocks: undefined }
  const hash = lockName([], { name, namespace })
  const names = [...new Set([name, hash])]
  return { names, getLocks: names.filter(one => namespace === '' || one === hash || HASH.test(one)) }
}

const HASH = /^[0-9a-f]{32}$/
