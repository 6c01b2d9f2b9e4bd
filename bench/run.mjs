#!/usr/bin/env node
/**
 * Measures start-up, hand-over, memory and work for the server, for the binary, for Node, and for similar wrappers. It
 * only prints tables; no figure makes it fail.
 *
 *     npm run build:binary && npm run build     # what is measured
 *     npm run bench                             # all, about three minutes
 *     npm run bench -- --quick                  # the same with few rounds, to check that it works
 *     npm run bench -- --also 'flock -n /tmp/mine {command}' --also 'mylock {name} -- {command}'
 *     npm run bench -- --kind mysql             # on a MySQL server instead of MariaDB
 *     npm run bench -- --only binary,flock
 *
 * In a template `{command}` is the command's words and `{name}` the lock's name. The template is split at blanks; there
 * is no shell. Built in are flock, GNU sem and etcdctl (with a server that answers), if installed. It starts its own
 * server. Figures are medians of interleaved rounds: on a busy machine, only compare columns.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { handOver } from './hand-over.mjs'
import { circumstances } from './machine.mjs'
import { memory } from './memory.mjs'
import { serverCost } from './server-cost.mjs'
import { startUp } from './start-up.mjs'
import { print } from './table.mjs'
import { wrappers } from './wrappers.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    also: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    kind: { type: 'string', default: 'mariadb' },
  },
})

process.chdir(new URL('..', import.meta.url).pathname)
if (!existsSync('build/test/support/servers.js')) execFileSync('npm', ['run', 'build:test'], { stdio: 'inherit' })
const { startServer } = await import('../build/test/support/servers.js')

const server = await startServer({ kind: options.kind })
try {
  const only = options.only?.split(',')
  const all = wrappers({ dsn: server.socketDsn(), also: options.also })
  const measured = all.filter(({ name }) => only === undefined || only.includes(name))
  const seras = measured.filter(({ isSera }) => isSera)
  console.log(await circumstances(server))
  print('Start-up: a whole run of "true", no other waiter', await startUp(measured, options.quick ? 5 : 60))
  for (const waiters of options.quick ? [1, 5] : [1, 10, 100]) {
    const rounds = options.quick ? 1 : Math.max(2, Math.round(40 / waiters))
    print(
      `Hand-over with ${waiters} waiting: a command ends, the next one runs`,
      await handOver(measured, { waiters, rounds }),
    )
  }
  print('Memory of a process that waits', await memory(measured))
  print('Work for the server', await serverCost(seras, server, { idleS: options.quick ? 1 : 5 }))
} finally {
  await server.stop()
}
