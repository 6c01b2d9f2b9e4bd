/**
 * The test run: starts one shared server of each kind on this machine, runs ava with the given arguments, stops the
 * servers, and exits with ava's exit code.
 *
 *     node build/test/run.js                          # everything
 *     node build/test/run.js build/test/dsn.test.js   # one file
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { testEnvironment, testFolder } from './support/environment.js'
import { type ServerAddress, serverBinary, startServer, type TestServer } from './support/servers.js'

process.umask(0o022)
process.env = testEnvironment()
chmodSync(testFolder, 0o711) // tests may run as another user in a folder of their own
process.env.SERA_TEST_DIR = testFolder
process.on('exit', () => rmSync(testFolder, { recursive: true, force: true }))

// a terminal's Ctrl-C reaches ava, too; this process waits for it and then cleans up
let given: NodeJS.Signals | undefined
const note = (signal: NodeJS.Signals) => {
  given = signal
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, note)

const servers = await startAll()
try {
  process.exitCode = given ? exitCodeOf(given) : await ava(servers)
} finally {
  await Promise.all(servers.map(server => server.stop()))
}

async function startAll(): Promise<TestServer[]> {
  if ((await serverBinary('mariadb')) === undefined) {
    console.error('the tests need a MariaDB server (Debian: apt-get install mariadb-server-core)')
    process.exit(1)
  }
  const servers = [await startServer({ kind: 'mariadb' })]
  if (await serverBinary('mysql')) servers.push(await startServer({ kind: 'mysql' }))
  else console.error('no MySQL server found (SERA_TEST_MYSQLD, PATH, build/mysql): the tests run on MariaDB only')
  return servers
}

async function ava(servers: TestServer[]): Promise<number> {
  const addresses = servers.map(
    ({ kind, version, port, socketPath, ca, pid }): ServerAddress => ({ kind, version, port, socketPath, ca, pid }),
  )
  const child = spawn(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, SERA_TEST_SERVERS: JSON.stringify(addresses) },
  })
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, pass)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? exitCodeOf(signal ?? 'SIGKILL')
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
