/** The contract suites and the contenders of the command line, on several servers at once, each with one odd variable. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ServerKind } from '../../src/embedded/binary.js'
import type { Odd } from '../faults/environment/candidates.js'
import type { Promised, Verdicts } from '../faults/environment/contenders.js'
import { OddServer } from '../faults/environment/odd-server.js'
import type { ServerAddress } from '../support/servers.js'

/** Test files, by the promise that they check. */
const FILES: Readonly<Record<Promised, string>> = {
  GET_LOCK: 'build/test/faults/contenders.test.js',
  tables: 'build/test/contract/*.test.js',
}

/** @returns complaints: the titles of tests that failed */
export async function suites(
  kind: ServerKind,
  found: ReadonlyMap<Odd, Verdicts>,
  batch: number,
  titled: (odd: Odd) => string,
): Promise<string[]> {
  const complaints: string[] = []
  const servers = await Promise.all(Array.from({ length: batch }, () => OddServer.start(kind)))
  for (const promised of ['GET_LOCK', 'tables'] as const) {
    const odd = [...found].filter(([, verdicts]) => verdicts[promised] === 'same').map(([one]) => one)
    for (let at = 0; at < odd.length; at += batch) {
      const now = odd.slice(at, at + batch)
      const { passed, failed } = await withAll(servers, now, titled, addresses => ava(addresses, FILES[promised]))
      console.log(`${kind} ${now.map(titled).join(', ')}: ${passed} tests passed, ${failed.length} failed`)
      complaints.push(...failed, ...(passed === 0 ? [`no test ran on ${now.map(titled).join(', ')}`] : []))
    }
  }
  for (const server of servers) await server[Symbol.asyncDispose]()
  return complaints
}

/** One server for each odd value, all at the same time. */
async function withAll<T>(
  [server, ...servers]: readonly OddServer[],
  [odd, ...others]: readonly Odd[],
  titled: (odd: Odd) => string,
  work: (addresses: ServerAddress[]) => Promise<T>,
  sofar: ServerAddress[] = [],
): Promise<T> {
  if (!server || !odd) return await work(sofar)
  const done = await server.with(odd, async ({ kind, version, port, socketPath, ca, pid }) => {
    const label = `${kind} ${titled(odd)}`
    return [
      await withAll(servers, others, titled, work, [...sofar, { kind, label, version, port, socketPath, ca, pid }]),
    ]
  })
  if (!done) throw new Error(`the server with ${titled(odd)} did not start again`)
  return done[0] as T
}

interface Results {
  passed: number
  failed: string[]
}

/** Runs the tests whose titles have the label of one of these servers. */
async function ava(addresses: readonly ServerAddress[], files: string): Promise<Results> {
  const child = spawn(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', '--tap', '--match=*=*)', files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SERA_TEST_SERVERS: JSON.stringify(addresses) },
  })
  const ended = once(child, 'close')
  const results: Results = { passed: 0, failed: [] }
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^ok /.test(line)) results.passed++
    else if (/^not ok /.test(line)) results.failed.push(line)
  }
  await ended
  return results
}
