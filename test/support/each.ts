/** The same test on each kind of server and each runtime, told apart by its title. */
import type { ExecutionContext } from 'ava'
import { type Bench, bench, runtimes } from './sera.js'
import { type SharedServer, sharedServers } from './servers.js'
import { test } from './turns.js'

type Body = (t: ExecutionContext, bench: Bench, server: SharedServer) => Promise<void>

/** On the servers that all tests share: nothing may be done to them but locking. */
export function each(title: string, body: Body): void {
  declare(test, title, body)
}

/** For what keeps the machine busy: one after the other. */
each.serial = (title: string, body: Body): void => declare(test.serial, title, body)

function declare(
  test: (title: string, body: (t: ExecutionContext) => Promise<void>) => void,
  title: string,
  body: Body,
): void {
  for (const server of sharedServers()) {
    for (const runtime of runtimes()) {
      test(`${title} (${runtime.name}, ${server.kind})`, t => body(t, bench(t, runtime, server.dsn()), server))
    }
  }
}
