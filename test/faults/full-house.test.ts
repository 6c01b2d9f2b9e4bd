/** More waiters than the server has connections. */
import test from 'ava'
import { couples } from '../support/each.js'
import { Journal } from '../support/journal.js'
import { RUNTIMES } from '../support/runtimes.js'
import { bench } from '../support/sera.js'
import { sharedServers, startServer } from '../support/servers.js'

const WAITERS = 150

for (const [runtime, { kind }] of couples(RUNTIMES, sharedServers())) {
  test.serial(
    `${WAITERS} waiters on a server with 40 connections: none fails, each runs (${runtime.name}, ${kind})`,
    async t => {
      await using server = await startServer({ kind, args: ['--max-connections=40'] })
      const { sera, folder } = bench(t, runtime, server.dsn())
      const journal = new Journal(folder)
      const env = { SERA_CONNECT_WAIT: '2m' } // so many programs take a while to start
      const names = Array.from({ length: WAITERS }, (_, number) => `no-${number}`)
      const started = names.map(who => sera(['120', ...journal.command({ who, script: 'sleep 0.02' })], { env }))
      const codes = await Promise.all(started.map(({ exited }) => exited))
      t.deepEqual(
        started.filter((_, number) => codes[number] !== 0).map(({ exitCode, stderr }) => `${exitCode} ${stderr}`),
        [],
      )
      t.deepEqual(
        journal
          .all('end')
          .map(({ who }) => who)
          .sort(),
        names.sort(),
      )
      t.deepEqual(journal.all('overlap'), [])
    },
  )
}
