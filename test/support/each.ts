/** The same test on each kind of server and each runtime, told apart by its title. */
import type { ExecutionContext } from 'ava'
import { RUNTIMES, type SeraRuntime } from './runtimes.js'
import { type Bench, bench } from './sera.js'
import { type SharedServer, sharedServers } from './servers.js'
import { test } from './turns.js'

type EachTest = (t: ExecutionContext, bench: Bench, server: SharedServer) => Promise<void>
type Declare = (title: string, body: (t: ExecutionContext) => Promise<void>) => void

/** Each runtime and each server, once: for what does not depend on which runtime meets which server. */
export function each(title: string, body: EachTest): void {
  declare(test, title, body, couples(RUNTIMES, sharedServers()))
}

/** For what keeps the machine busy: one after the other. */
each.serial = (title: string, body: EachTest): void => {
  declare(test.serial, title, body, couples(RUNTIMES, sharedServers()))
}

/** Each runtime with each server: for what the core promises. */
export function eachPair(title: string, body: EachTest): void {
  const pairs = RUNTIMES.flatMap(runtime => sharedServers().map(server => [runtime, server] as const))
  declare(test, title, body, pairs)
}

/** Each of either, with one of the others: as many couples as the longer list has. */
export function couples<A, B>(some: readonly A[], others: readonly B[]): [A, B][] {
  const count = Math.max(some.length, others.length)
  return Array.from({ length: count }, (_, at) => [some[at % some.length] as A, others[at % others.length] as B])
}

/** On the servers that all tests share: nothing may be done to them but locking. */
function declare(
  test: Declare,
  title: string,
  body: EachTest,
  pairs: readonly (readonly [SeraRuntime, SharedServer])[],
): void {
  for (const [runtime, server] of pairs) {
    const where = `(${runtime.name}, ${server.label ?? server.kind})`
    test(`${title} ${where}`, t => body(t, bench(t, runtime, server.dsn()), server))
  }
}

/** Who asks it would wait long. */
const NOBODY = 'sera@tcp(127.0.0.1:1)/sera'

/** On each runtime, for what asks no database. */
export function onRuntimes(title: string, body: (t: ExecutionContext, bench: Bench) => Promise<void>): void {
  for (const runtime of RUNTIMES) {
    test(`${title} (${runtime.name})`, t => body(t, bench(t, runtime, NOBODY)))
  }
}
