/** Asking for the picture of all that is held, of a kind, or of one resource. */
import { lockName } from '../lockname/lockname.js'
import type { Kind } from '../primitives/kinds.js'
import type { Calls } from '../store/calls.js'
import type { Patience } from '../store/claims.js'
import { survey } from '../store/survey.js'
import { type Picture, pictureOf } from './picture.js'

/** What is asked for; everything when empty. */
export interface Question {
  kind?: Kind | undefined
  name?: string | undefined
}

/** Reads only. @throws SeraError lock-failed */
export async function take(calls: Calls, { kind, name }: Question, patience: Patience): Promise<Picture> {
  const wanted =
    name === undefined ? { getLocks: mayBeLock(kind) ? ('all' as const) : undefined } : namesOf(kind, name, calls)
  return pictureOf(await survey(calls, { kind, ...wanted }, patience))
}

function mayBeLock(kind: Kind | undefined): boolean {
  return kind === undefined || kind === 'mutex'
}

/** People know a mutex by what they gave to --name, or by SERA_LOCK. With a namespace each GET_LOCK is a hash. */
function namesOf(kind: Kind | undefined, name: string, { options: { namespace } }: Calls) {
  if (!mayBeLock(kind)) return { names: [name], getLocks: undefined }
  const hash = lockName([], { name, namespace })
  const names = [...new Set([name, hash])]
  return { names, getLocks: names.filter(one => namespace === '' || one === hash || HASH.test(one)) }
}

const HASH = /^[0-9a-f]{32}$/
