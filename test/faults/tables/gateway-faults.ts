/** Faults of gateways, and between gateways and tables: a client keeps its pool, or learns in time that it lost it. */
import { any, type FaultCase, type FaultCluster, inHarness, notSeen, rounds, wasSeen } from './faults.js'
import type { GatewayProcess } from './harness/gateway.js'
import type { ClientProcess, Harness } from './harness/harness.js'

interface Times {
  leaseMs: number
  expireMs: number
}

/** Starts two gateways, and clients that use them one after the other. */
async function twoGateways(harness: Harness, { server }: FaultCluster, times: Times) {
  const proxies = [await harness.proxy(server.port), await harness.proxy(server.port)]
  const gateways: GatewayProcess[] = []
  for (const { dsn } of proxies) gateways.push(await harness.gateway([dsn], times))
  const urls = gateways.map(({ url }) => url)
  const processes: ClientProcess[] = []
  for (let count = 0; count < 3; count++)
    processes.push(harness.clients([server.dsn()], { gateways: urls, clients: 3 }))
  await harness.connected()
  return { proxies, gateways, processes }
}

const killed: FaultCase = {
  title: 'gateways are killed and restarted one by one: holders keep their locks',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const { gateways, processes } = await twoGateways(harness, cluster, { leaseMs: 4000, expireMs: 30_000 })
      await rounds(harness, grants, gateways, async gateway => {
        const { token } = await harness.detain(any(processes))
        await gateway.replace()
        if (harness.holders[0]?.token !== token) harness.checker.ledger.note('not kept')
        for (const clients of processes) harness.letGo(clients)
      })
    }),
  expected: report => [...notSeen('fenced')(report), ...notSeen('not kept')(report)],
}

const clientsKilled: FaultCase = {
  title: 'clients of gateways are killed: others get the lock when it expires',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const { processes } = await twoGateways(harness, cluster, { leaseMs: 4000, expireMs: 3000 })
      await rounds(harness, grants, processes, async clients => {
        await harness.detain(clients)
        await clients.replace()
      })
    }),
}

const stopped: FaultCase = {
  title: 'both gateways stop beyond a pool’s expiry: the holder stops first',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const { gateways, processes } = await twoGateways(harness, cluster, { leaseMs: 4000, expireMs: 3000 })
      await rounds(harness, grants, processes, async clients => {
        await harness.detain(clients)
        for (const gateway of gateways) gateway.signal('SIGSTOP')
        await harness.until('no client holds it', () => harness.holders.length === 0)
        for (const gateway of gateways) gateway.signal('SIGCONT')
        harness.letGo(clients)
      })
    }),
  expected: wasSeen('fenced'),
}

const cut: FaultCase = {
  title: 'connections between gateways and server are cut repeatedly',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const { proxies } = await twoGateways(harness, cluster, { leaseMs: 4000, expireMs: 10_000 })
      const cutting = setInterval(() => any(proxies).cut(), 80)
      await harness.more(grants, 600_000).finally(() => clearInterval(cutting))
    }),
}

export const GATEWAY_FAULTS: readonly FaultCase[] = [killed, clientsKilled, stopped, cut]
