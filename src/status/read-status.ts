/** Reads the status of all resources, of one kind, or of one resource. */
import type { Deadline } from '../deadline.js'
import { lockName } from '../lockname/lockname.js'
import type { Kind } from '../primitives/names.js'
import { readSnapshot } from '../store/snapshot.js'
import type { RetryingClient } from '../store/tables/retrying-client.js'
import { type StatusView, statusViewOf } from './resource-view.js'

/** Empty means everything. */
export interface StatusQuery {
  kind?: Kind | undefined
  name?: string | undefined
}

/** Reads only. @throws SeraError lock-failed */
export async function readStatus(
  client: RetryingClient,
  { kind, name }: StatusQuery,
  deadline: Deadline,
): Promise<StatusView> {
  const wanted =
    name === undefined ? { getLocks: mayBeLock(kind) ? ('all' as const) : undefined } : namesOf(kind, name, client)
  return statusViewOf(await readSnapshot(client, { kind, ...wanted }, deadline))
}

function mayBeLock(kind: Kind | undefined): boolean {
  return kind === undefined || kind === 'mutex'
}

/** A mutex is named by the argument of --name, or by SERA_LOCK. With a namespace, the name of each GET_LOCK is a hash. */
function namesOf(kind: Kind | undefined, name: string, { options: { namespace } }: RetryingClient) {
  if (!mayBeLock(kind)) return { names: [name], getLocks: undefined }
  const hash = lockName([], { name, namespace })
  const names = [...new Set([name, hash])]
  return { names, getLocks: names.filter(one => namespace === '' || one === hash || HASH.test(one)) }
}

const HASH = /^[0-9a-f]{32}$/
