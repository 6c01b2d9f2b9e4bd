/**
 * The faults of the lock tables. Clients acquire and release one lock while something goes wrong, until there were
 * enough grants. `complaints` checks what every fault must keep; `expected` checks what one fault must also show.
 */

import type { AnswerFate, FaultyProxy } from '../../support/faulty-proxy.js'
import type { TestServer } from '../../support/servers.js'
import type { ClientOptions } from './harness/client-options.js'
import { type ClientProcess, Harness, type HarnessOptions, type HarnessReport, type Sql } from './harness/harness.js'

export interface FaultCluster {
  server: TestServer
  sql: Sql
}

export interface FaultCase {
  title: string
  /** Grants for a test of a few seconds. */
  quick: number
  run(cluster: FaultCluster, grants: number): Promise<HarnessReport>
  /** Complaints specific to this fault. */
  expected?(report: HarnessReport): string[]
}

/** What went wrong; empty if nothing did. */
export function complaints(report: HarnessReport, { expected }: Pick<FaultCase, 'expected'> = {}): string[] {
  const { overlaps, outOfOrder, lateWrites, lostUpdates, lostWrites } = report
  return [
    ...overlaps.map(overlap => `two at once: ${overlap}`),
    ...outOfOrder.map(token => `token out of order: ${token}`),
    ...lateWrites.map(write => `late write: ${write}`),
    ...(lostUpdates === 0 ? [] : [`lost updates: ${lostUpdates}`]),
    ...(lostWrites === 0 ? [] : [`lost updates in the database: ${lostWrites}`]),
    ...(expected?.(report) ?? []),
  ]
}

const seen = (word: string, { tally }: HarnessReport): number => tally[word] ?? 0
export const wasSeen = (word: string) => (report: HarnessReport) =>
  seen(word, report) > 0 ? [] : [`not seen: ${word}`]
export const notSeen = (word: string) => (report: HarnessReport) =>
  seen(word, report) > 0 ? [`${word}: ${seen(word, report)}`] : []

export async function inHarness(
  { server, sql }: FaultCluster,
  options: Partial<HarnessOptions>,
  play: (harness: Harness) => Promise<void>,
): Promise<HarnessReport> {
  await using harness = await Harness.open({ sql, job: [server.dsn()], ...options })
  await play(harness)
  return await harness.finish()
}

export interface ProxiedClients {
  clients: ClientProcess
  proxy: FaultyProxy
}

/** Starts processes, each with its own proxy. */
export async function proxied(
  harness: Harness,
  { server }: FaultCluster,
  processes: number,
  options: Partial<ClientOptions> = {},
): Promise<ProxiedClients[]> {
  const make = async () => {
    const proxy = await harness.proxy(server.port)
    return { proxy, clients: harness.clients([proxy.dsn], options) }
  }
  const all = await Promise.all(Array.from({ length: processes }, make))
  await harness.connected()
  return all
}

export async function direct(
  harness: Harness,
  { server }: FaultCluster,
  processes: number,
  options: Partial<ClientOptions> = {},
): Promise<ClientProcess[]> {
  const all = Array.from({ length: processes }, () => harness.clients([server.dsn()], options))
  await harness.connected()
  return all
}

/** Repeats a round until there were enough grants, and at least twice. */
export async function rounds<T>(
  harness: Harness,
  grants: number,
  among: readonly T[],
  round: (one: T) => Promise<void>,
) {
  for (let done = 0; done < 2 || harness.grants < grants; done++) {
    await harness.more(15)
    await round(among[done % among.length] as T)
    // each round of a fault takes seconds
    await harness.more(Math.min(300, Math.ceil(grants / 4)))
  }
}

export const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T

const calm: FaultCase = {
  title: 'no fault, and all clients contend',
  quick: 200,
  run: (cluster, grants) =>
    inHarness(cluster, { leaseMs: 20_000 }, async harness => {
      await direct(harness, cluster, 3, { clients: 4, holdMs: 2 })
      await harness.more(grants)
    }),
  expected: notSeen('fenced'),
}

const killed: FaultCase = {
  title: 'kill -9 of the holder and of a waiter, repeatedly',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const processes = await direct(harness, cluster, 5)
      await rounds(harness, grants, processes, async clients => {
        await harness.detain(clients)
        await Promise.all([clients.replace(), any(processes.filter(other => other !== clients)).replace()])
      })
    }),
}

const stopped: FaultCase = {
  title: 'SIGSTOP of the holder beyond its lease: the token refuses its late writes',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const processes = await direct(harness, cluster, 4, { heedless: true })
      await rounds(harness, grants, processes, clients => stopHolder(harness, processes, clients))
    }),
  expected: report => [...wasSeen('refused by the token')(report), ...wasSeen('job refused by the token')(report)],
}

/** Stops a holder and a waiter until others have held the lock. */
export async function stopHolder(
  harness: Harness,
  processes: readonly ClientProcess[],
  clients: ClientProcess,
): Promise<void> {
  await harness.detain(clients)
  const both = [clients, any(processes.filter(other => other !== clients))]
  for (const { name } of both) harness.checker.expectViolation(`${name}.`)
  for (const one of both) one.signal('SIGSTOP')
  await harness.more(15)
  for (const { name } of both) harness.checker.expectNone(`${name}.`)
  harness.letGo(clients)
  for (const one of both) one.signal('SIGCONT')
}

const serverKilled: FaultCase = {
  title: 'a server killed and restarted under 30 clients: holders keep their locks',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, { leaseMs: 20_000 }, async harness => {
      const processes = await direct(harness, cluster, 5, { clients: 6 })
      await rounds(harness, grants, processes, async clients => {
        const { token } = await harness.detain(clients)
        await cluster.server.kill('SIGKILL')
        await cluster.server.restart()
        if (harness.holders[0]?.token !== token) harness.checker.ledger.note('not kept')
        harness.letGo(clients)
      })
    }),
  expected: report => [...notSeen('fenced')(report), ...notSeen('not kept')(report)],
}

const cut: FaultCase = {
  title: 'connections that are cut repeatedly',
  quick: 100,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const all = await proxied(harness, cluster, 3, { clients: 2 })
      const cutting = setInterval(() => any(all).proxy.cut(), 80)
      await harness.more(grants, 600_000).finally(() => clearInterval(cutting))
    }),
}

const halfOpen: FaultCase = {
  title: 'half-open connections: each side waits for the other',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const all = await proxied(harness, cluster, 3, { clients: 2 })
      await rounds(harness, grants, all, async ({ clients, proxy }) => {
        await harness.detain(clients)
        proxy.halve()
        harness.letGo(clients)
      })
    }),
}

const dark: FaultCase = {
  title: 'a holder cut off from the server stops before the next grant',
  quick: 60,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      const all = await proxied(harness, cluster, 3, { clients: 2 })
      await rounds(harness, grants, all, async ({ clients, proxy }) => {
        await harness.detain(clients)
        proxy.dark = true
        await harness.more(10)
        proxy.dark = false
        proxy.cut()
        harness.letGo(clients)
      })
    }),
  expected: wasSeen('fenced'),
}

const delayed: FaultCase = {
  title: 'some clients wait 500 ms for each answer of the server',
  quick: 12,
  run: (cluster, grants) =>
    inHarness(cluster, { leaseMs: 20_000 }, async harness => {
      const [{ clients, proxy }] = (await proxied(harness, cluster, 1, { clients: 3 })) as [ProxiedClients]
      await direct(harness, cluster, 1, { clients: 3 })
      proxy.delayMs = 250
      // each hold of the distant clients takes seconds; a few dozen are enough
      const goal = Math.min(grants, 40)
      const enough = () => harness.checker.ledger.grantsOf(clients.name) >= goal / 4 && harness.grants >= goal
      await harness.until('grants of the distant clients', enough, 600_000)
    }),
  expected: notSeen('fenced'),
}

/** Statements that write: the end of a step, a renewal, a release. */
const WRITES = /^(COMMIT|UPDATE sera_claim SET renewals|DELETE FROM sera_claim)/

/** A fate function for a proxy that disturbs a part of the writes in one of these ways. */
export function unreliable(part: number, fates: readonly AnswerFate[] = ['lost', 'unanswered', 'late']) {
  return (statement: string): AnswerFate => (WRITES.test(statement) && Math.random() < part ? any(fates) : 'pass')
}

const unanswered: FaultCase = {
  title: 'COMMITs that are lost, that lose their answer, or that arrive late',
  quick: 80,
  run: (cluster, grants) =>
    inHarness(cluster, {}, async harness => {
      for (const { proxy } of await proxied(harness, cluster, 3, { clients: 3 })) proxy.fate = unreliable(0.15)
      await harness.more(grants)
    }),
}

const counted: FaultCase = {
  title: 'a counter with lost COMMITs counts each addition once',
  quick: 60,
  run: (cluster, additions) => countIn(cluster, additions, {}),
}

/** Adds to a counter, and compares its final value with the additions. */
export async function countIn(
  cluster: FaultCluster,
  additions: number,
  options: Partial<ClientOptions>,
  fate = unreliable(0.15),
): Promise<HarnessReport> {
  let value = 0
  const report = await inHarness(cluster, {}, async harness => {
    const all = await proxied(harness, cluster, 3, { kind: 'counter', clients: 2, ...options })
    for (const { proxy } of all) proxy.fate = fate
    await harness.until('so many additions', () => (harness.checker.ledger.tally.added ?? 0) >= additions, 300_000)
    await harness.finish()
    const [[text] = []] = await cluster.sql(`SELECT value FROM sera_resource WHERE name = '${harness.name}'`)
    value = Number(text)
  })
  const added = seen('added', report)
  // a failed addition may have taken effect
  const failed = Object.entries(report.tally).reduce(
    (sum, [word, times]) => sum + (word.startsWith('failed') ? times : 0),
    0,
  )
  return { ...report, grants: added, lostUpdates: value < added ? added - value : Math.max(0, value - added - failed) }
}

export const FAULTS: readonly FaultCase[] = [
  calm,
  killed,
  stopped,
  serverKilled,
  cut,
  halfOpen,
  dark,
  delayed,
  unanswered,
  counted,
]
