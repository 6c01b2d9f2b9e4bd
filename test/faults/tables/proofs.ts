/**
 * For each safety rule, the smallest fault in which clients that break the rule violate the lock. The same fault must
 * not affect clients that keep the rule.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  countIn,
  direct,
  type FaultCluster,
  inHarness,
  type ProxiedClients,
  proxied,
  stopHolder,
  unreliable,
} from './faults.js'
import type { BrokenRule } from './harness/broken-rules.js'
import type { ClientOptions } from './harness/client-options.js'
import type { Harness, HarnessReport } from './harness/harness.js'

export interface Proof {
  rule: BrokenRule | 'writes without a token'
  /** `broken` is added to the options of the clients. */
  run(cluster: FaultCluster, broken: Partial<ClientOptions>): Promise<HarnessReport>
}

/** Waits for this many grants, or for a violation. */
async function enough(harness: Harness, grants: number): Promise<void> {
  const goal = harness.grants + grants
  const { overlaps, lateWrites } = harness.checker.ledger
  await harness.until('enough', () => harness.grants >= goal || overlaps.length + lateWrites.length > 0, 120_000)
}

export function breaking({ rule }: Proof): Partial<ClientOptions> {
  return rule === 'writes without a token' ? { guarded: false } : { broken: rule }
}

export const PROOFS: readonly Proof[] = [
  {
    rule: 'no self-fencing',
    run: (cluster, broken) =>
      inHarness(cluster, {}, async harness => {
        const [{ clients, proxy }] = (await proxied(harness, cluster, 1, broken)) as [ProxiedClients]
        await direct(harness, cluster, 1, { clients: 2 })
        await harness.detain(clients)
        proxy.dark = true
        await enough(harness, 5)
        harness.letGo(clients)
      }),
  },
  {
    rule: 'expiry by the server clock',
    run: (cluster, broken) =>
      inHarness(cluster, {}, async harness => {
        await direct(harness, cluster, 2, { clients: 2, clockAheadMs: 5000, holdMs: 50, ...broken })
        await enough(harness, 30)
      }),
  },
  {
    rule: 'unknown taken for done',
    run: (cluster, broken) =>
      inHarness(cluster, {}, async harness => {
        // with pauses the queue is often empty: only then is a claim granted in its first COMMIT
        const all = await proxied(harness, cluster, 3, { clients: 1, holdMs: 100, restMs: 300, ...broken })
        for (const { proxy } of all)
          proxy.fate = statement => (/^COMMIT/.test(statement) ? unreliable(0.3, ['lost'])(statement) : 'pass')
        await enough(harness, 60)
      }),
  },
  {
    rule: 'unknown taken for not done',
    run: (cluster, broken) => countIn(cluster, 30, broken, unreliable(0.3, ['unanswered'])),
  },
  {
    rule: 'reap without looking again',
    run: (cluster, broken) =>
      inHarness(cluster, {}, async harness => {
        const [clients] = await direct(harness, cluster, 2, { clients: 1, readsLag: true, ...broken })
        if (!clients) return
        await harness.detain(clients)
        const timer = sleep(3 * harness.leaseMs).then(() => harness.letGo(clients))
        await enough(harness, 5)
        await timer
      }),
  },
  {
    rule: 'grant without bump',
    run: (cluster, broken) =>
      inHarness(cluster, {}, async harness => {
        await direct(harness, cluster, 2, { clients: 3, ...broken })
        await enough(harness, 60)
      }),
  },
  {
    rule: 'renewal that inserts',
    run: (cluster, broken) =>
      inHarness(cluster, {}, async harness => {
        const [clients] = await direct(harness, cluster, 2, { clients: 2, ...broken })
        if (!clients) return
        const holding = await harness.detain(clients)
        harness.checker.expectViolation(holding.who)
        harness.checker.expectNone(holding.who)
        await cluster.sql(`DELETE FROM sera_claim WHERE token = ${holding.token}`)
        await sleep(harness.leaseMs)
        harness.checker.ledger.mustHaveEnded(holding)
        harness.letGo(clients)
        await enough(harness, 10)
      }),
  },
  {
    rule: 'writes without a token',
    run: (cluster, broken) =>
      inHarness(cluster, {}, async harness => {
        const processes = await direct(harness, cluster, 3, { heedless: true, ...broken })
        for (const clients of processes.slice(0, 2)) await stopHolder(harness, processes, clients)
        await harness.more(10)
      }),
  },
]
