/** The same test on each kind of server and each runtime, told apart by its title. */
import type { ExecutionContext } from 'ava'
import { type Bench, bench, type Runtime, runtimes } from './sera.js'
import { type SharedServer, sharedServers } from './servers.js'
import { test } from './turns.js'

type Body = (t: ExecutionContext, bench: Bench, server: SharedServer) => Promise<void>

/** On the servers that all tests share: nothing may be done to them but locking. */
export function each(title: string, body: Body): void {
  declare(test, title, body)
}

/** For what keeps the machine busy: one after the other. */
each.serial = (title: string, body: Body): void => declare(test.serial, title, body)

/** For what is the same on either runtime, save for how it is started: each server, and each runtime, once. */
export function crossed(title: string, body: Body): void {
  declare(test, title, body, crossing)
}

/** For what keeps the machine busy: one after the other. */
crossed.serial = (title: string, body: Body): void => declare(test.serial, title, body, crossing)

function crossing(runtimes: readonly Runtime[], server: number): readonly Runtime[] {
  return runtimes.slice(server % runtimes.length).slice(0, 1)
}

function declare(
  test: (title: string, body: (t: ExecutionContext) => Promise<void>) => void,
  title: string,
  body: Body,
  choose = (all: readonly Runtime[], _: number) => all,
): void {
  for (const [at, server] of sharedServers().entries()) {
    for (const runtime of choose(runtimes(), at)) {
      test(`${title} (${runtime.name}, ${server.kind})`, t => body(t, bench(t, runtime, server.dsn()), server))
    }
  }
}

/** Who asks it would wait long. */
const NOBODY = 'sera@tcp(127.0.0.1:1)/sera'

/** On each runtime, for what asks no database. */
export function onRuntimes(title: string, body: (t: ExecutionContext, bench: Bench) => Promise<void>): void {
  for (const runtime of runtimes()) {
    test(`${title} (${runtime.name})`, t => body(t, bench(t, runtime, NOBODY)))
  }
}
