/** `sera verify <kind> <name> <token>`: checks that a grant is the newest and still held. */
import type { ResourceKey, ResourceState } from '../claims/model.js'
import { SeraError } from '../errors.js'
import type { RunContext, Task } from '../run/context.js'
import { keyOf, lockOf } from '../run/lock-request.js'
import { openTables } from '../run/open-session.js'

const KINDS = ['mutex', 'rwlock', 'semaphore', 'double-barrier', 'once'] as const

export function verify(words: readonly string[]): Task {
  const [kind = '', name = '', token = ''] = words
  const key = keyOf(kindOf(kind), name)
  const grant = tokenOf(token)
  return async context => {
    const { host, options, report } = context
    report.lock = lockOf(key)
    const { newest, held } = statusOf(await stateAt(key, context), grant)
    const current = newest && held
    if (options.json) host.stdout.write(`${JSON.stringify({ kind, name, token, current, newest, held })}\n`)
    if (current) return { kind: 'done' }
    const why = newest ? 'is no longer held' : 'is not the newest'
    return { kind: 'stale', reason: `${kind} ${name}: grant ${token} ${why}` }
  }
}

async function stateAt(key: ResourceKey, context: RunContext): Promise<ResourceState> {
  const tables = openTables(context)
  try {
    const deadline = { until: Number.POSITIVE_INFINITY }
    const [state] = await tables.look([{ key, upTo: Number.POSITIVE_INFINITY }], deadline)
    return state as ResourceState
  } finally {
    await tables.close()
  }
}

/** An expired claim may still be in the tables, but it counts as no longer held. */
function statusOf({ resource, claims }: ResourceState, token: number): { newest: boolean; held: boolean } {
  const holder = claims.find(claim => claim.state === 'granted' && claim.token === token)
  return { newest: resource.grantedToken === token, held: holder !== undefined && holder.overdueMs <= 0 }
}

function kindOf(word: string): (typeof KINDS)[number] {
  const kind = KINDS.find(known => known === word)
  if (kind) return kind
  throw new SeraError('usage', `unknown <kind> ${JSON.stringify(word)}; use one of ${KINDS.join(', ')}`)
}

function tokenOf(word: string): number {
  const token = Number(word)
  if (/^\d+$/.test(word) && Number.isSafeInteger(token)) return token
  throw new SeraError('usage', `<token> must be the number in SERA_TOKEN of a command, not ${JSON.stringify(word)}`)
}
