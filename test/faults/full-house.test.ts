/** More waiters than the server has connections. */
import { eachOwn } from '../support/each.js'
import { Journal } from '../support/journal.js'

const WAITERS = 150

eachOwn(
  `${WAITERS} waiters on a server with 40 connections: each runs, none fails`,
  async (t, { sera, folder }) => {
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
  ['--max-connections=40'],
)
