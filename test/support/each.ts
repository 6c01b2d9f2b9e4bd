/** The same test on each kind of server and each runtime, told apart by its title. */
import test, { type ExecutionContext } from 'ava'
import { type Bench, bench, runtimes } from './sera.js'
import { type SharedServer, sharedServers } from './servers.js'

/** On the servers that all tests share: nothing may be done to them but locking. */
export function each(
  title: string,
  body: (t: ExecutionContext, bench: Bench, server: SharedServer) => Promise<void>,
): void {
  for (const server of sharedServers()) {
    for (const runtime of runtimes()) {
      test(`${title} (${runtime.name}, ${server.kind})`, t => body(t, bench(t, runtime, server.dsn()), server))
    }
  }
}
