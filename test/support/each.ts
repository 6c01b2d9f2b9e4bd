/** Declares a test on each kind of server and each runtime; its title names both. */
import type { ExecutionContext } from 'ava'
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.js'
import { RUNTIMES, type SeraRuntime } from './runtimes.js'
import { type Bench, bench } from './sera.js'
import { type SharedServer, sharedServers, startServer, type TestServer } from './servers.js'
import { test } from './turns.js'

type EachTest = (t: ExecutionContext, bench: Bench, server: SharedServer) => Promise<void>
type Declare = (title: string, body: (t: ExecutionContext) => Promise<void>) => void

/** Each runtime and each server once, for behaviour that does not depend on their combination. */
export function each(title: string, body: EachTest): void {
  declare(test, title, body, couples(RUNTIMES, sharedServers()))
}

/** Serial, for tests that keep the machine busy. */
each.serial = (title: string, body: EachTest): void => {
  declare(test.serial, title, body, couples(RUNTIMES, sharedServers()))
}

/** Each runtime with each server, for the promises of the core. */
export function eachPair(title: string, body: EachTest): void {
  const pairs = RUNTIMES.flatMap(runtime => sharedServers().map(server => [runtime, server] as const))
  declare(test, title, body, pairs)
}

/** Like `each`, but sera connects through the test's own proxy. */
export function eachProxied(
  title: string,
  body: (t: ExecutionContext, bench: Bench, proxy: FaultyProxy, server: SharedServer) => Promise<void>,
): void {
  for (const [runtime, server] of couples(RUNTIMES, sharedServers())) {
    test(`${title} ${place(runtime, server)}`, async t => {
      await using proxy = await startFaultyProxy(server.port)
      await body(t, bench(t, runtime, proxy.dsn), proxy, server)
    })
  }
}

/** Like `each.serial`, with the test's own server to stop or restart. */
export function eachOwn(
  title: string,
  body: (t: ExecutionContext, bench: Bench, server: TestServer) => Promise<void>,
  args: readonly string[] = [],
): void {
  for (const [runtime, shared] of couples(RUNTIMES, sharedServers())) {
    test.serial(`${title} ${place(runtime, shared)}`, async t => {
      await using server = await startServer({ kind: shared.kind, args })
      await body(t, bench(t, runtime, server.dsn()), server)
    })
  }
}

/** Pairs each element of either list with one of the other: as many pairs as the longer list has. */
export function couples<A, B>(some: readonly A[], others: readonly B[]): [A, B][] {
  const count = Math.max(some.length, others.length)
  return Array.from({ length: count }, (_, at) => [some[at % some.length] as A, others[at % others.length] as B])
}

/** On the shared servers, where a test may only lock. */
function declare(
  test: Declare,
  title: string,
  body: EachTest,
  pairs: readonly (readonly [SeraRuntime, SharedServer])[],
): void {
  for (const [runtime, server] of pairs) {
    test(`${title} ${place(runtime, server)}`, t => body(t, bench(t, runtime, server.dsn()), server))
  }
}

function place({ name }: SeraRuntime, { label, kind }: SharedServer): string {
  return `(${name}, ${label ?? kind})`
}

/** No server listens at this address. */
const NO_SERVER = 'sera@tcp(127.0.0.1:1)/sera'

/** On each runtime, for commands that need no database. */
export function onRuntimes(title: string, body: (t: ExecutionContext, bench: Bench) => Promise<void>): void {
  for (const runtime of RUNTIMES) {
    test(`${title} (${runtime.name})`, t => body(t, bench(t, runtime, NO_SERVER)))
  }
}
