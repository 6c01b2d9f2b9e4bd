/** `sera pool`: a command under a pool of a sera gateway or a Distributex. No database is asked. */
import { randomUUID } from 'node:crypto'
import { ancestors } from '../../child/process-table.js'
import { readToken } from '../../cli/args/file-argument.js'
import type { RunOptions } from '../../cli/args/options.js'
import { SeraError } from '../../errors.js'
import { PoolClient } from '../../pool-client/client.js'
import { serverUrl } from '../../pool-client/server-url.js'
import { checkName } from '../../primitives/names.js'
import { awaitGrant } from '../../run/await-grant.js'
import { heldAbove, heldEntry } from '../../run/child-environment.js'
import type { RunContext, Task } from '../../run/context.js'
import { runUnderLock } from '../../run/hold-lock.js'
import { poolSource } from './acquire-pool.js'
import { fullHostName } from './host-name.js'

/** @throws SeraError usage, config */
export function pool(options: RunOptions): Task {
  const url = serverUrl(given('-H', options.host), options.port)
  const name = checkName('pool', given('-r', options.pool))
  const bearer = readToken(options.tokenFile)
  const as = options.as === undefined ? undefined : checkName('host', options.as)
  return async context => {
    const { host, report, settings, command, shown, waitMs } = context
    const lock = `pool/${name}`
    Object.assign(report, { lock, command: shown, waitMs })
    if (heldAbove(host, lock, as ?? '', ancestors)) {
      throw new SeraError('conflict', `${lock} is held by a sera above this one; waiting for it would never end`)
    }
    const client = new PoolClient(url, name, as ?? (await fullHostName()), randomUUID(), bearer)
    const grant = await awaitGrant(poolSource(client, `${lock}@${as ?? ''}`, context), context)
    if ('outcome' in grant) return grant.outcome
    const leaseMs = Math.min(settings.leaseMs, grant.taken.expiresInMs)
    const under: RunContext = { ...context, command: argvOf(command), settings: { ...settings, leaseMs } }
    return await runUnderLock(grant.taken, { lock, marker: heldEntry(host.pid, lock, as ?? '') }, under)
  }
}

function given(flag: string, value: string | undefined): string {
  if (value !== undefined) return value
  throw new SeraError('usage', `${flag} is missing; usage: sera pool -H HOST -r POOL <command…>`)
}

/** One word with blanks is for a shell, as in the original. */
function argvOf(command: readonly string[]): readonly string[] {
  const [first = ''] = command
  return command.length === 1 && /\s/.test(first) ? ['/bin/sh', '-c', first] : command
}
