/** Acquires a pool: first a lock among the commands of this host, then the pool at its server. */
import { shortened } from '../../cli/output/progress-line.js'
import { formatDuration } from '../../config/duration.js'
import type { Settings } from '../../config/settings.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { SAFETY_MARGIN_MS } from '../../fence.js'
import { acquirePool } from '../../pool-client/acquire.js'
import type { PoolClient } from '../../pool-client/client.js'
import { HeldPool } from '../../pool-client/held-pool.js'
import type { GrantSource } from '../../run/await-grant.js'
import type { RunContext } from '../../run/context.js'
import { type HostLock, lockHost } from './host-lock.js'

/** @param among the name that the commands of this host compete for */
export function poolSource(client: PoolClient, among: string, context: RunContext): GrantSource<HeldPool> {
  let situation = 'another command on this host holds it'
  return {
    what: `for pool ${shortened(client.pool)}`,
    ask: async () => undefined, // the server does not report the holder
    acquire: async deadline => {
      const lock = await lockHost(among, context.host.clock, deadline)
      if (!lock) return undefined
      situation = 'other hosts hold it'
      let held: HeldPool | undefined
      try {
        held = await holdIt(client, lock, deadline, context)
        return held
      } finally {
        if (!held) await lock.free()
      }
    },
    explainTimeout: async () => ({ situation }),
  }
}

async function holdIt(
  client: PoolClient,
  lock: HostLock,
  deadline: Deadline,
  { host, settings, messages }: RunContext,
): Promise<HeldPool | undefined> {
  const { random } = host
  const { connectWaitMs } = settings
  const warn = (message: string) => messages.complain(message)
  const grant = await acquirePool(client, deadline, { random, connectWaitMs })
  if (!grant) return undefined
  const problem = tooShort(grant.expiresInMs, settings)
  if (problem !== undefined) {
    await client.ask('release').catch(() => {})
    throw new SeraError('lock-failed', `pool ${client.pool} ${problem}`)
  }
  return new HeldPool(client, grant, { random, connectWaitMs, warn, lifeline: lock.fd, free: lock.free })
}

/** As with a lease: ending a command takes grace and margin, and half of the time must be left for renewals. */
function tooShort(expiresInMs: number, { graceMs, onLost }: Settings): string | undefined {
  const needed = graceMs + SAFETY_MARGIN_MS
  if (onLost === 'ignore' || needed < expiresInMs / 2) return undefined
  const [expires, grace, margin, double] = [expiresInMs, graceMs, SAFETY_MARGIN_MS, needed * 2].map(formatDuration)
  const rule = `grace (${grace}) and a margin of ${margin} must be less than half of that`
  return `expires after ${expires}, and ${rule}: make its expire longer than ${double}, or --grace shorter`
}
