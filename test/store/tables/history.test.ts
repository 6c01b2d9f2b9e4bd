/** The history in the tables: its size is bounded, and the library writes none. */
import test from 'ava'
import { type Random, systemRandom } from '../../../src/clock.js'
import { connect } from '../../../src/lib/connect.js'
import { readHistory, writeHistory } from '../../../src/store/tables/history.js'
import { sharedServers } from '../../support/servers.js'
import { database, deadline } from '../database.js'

const DAY_MS = 86_400_000
const ENDING = {
  key: { kind: 'mutex', name: 'new' },
  token: undefined,
  outcome: 'ran',
  exitCode: 0,
  waitedMs: 1500,
  ranMs: 2500,
}

/** 0, 1/20, 2/20, …, each equally often. */
function evenly(): Random {
  let n = 0
  return { ...systemRandom, number: () => (n++ % 20) / 20 }
}

for (const server of sharedServers()) {
  const { kind } = server

  test(`${kind}: writes delete a few entries older than the limit, and no other`, async t => {
    const { account, open, rows, root } = await database(t, server)
    const tables = open(await account('ALL'), { random: evenly() })
    const write = () => writeHistory(tables, ENDING, 7 * DAY_MS, deadline())
    const count = async (name: string) => (await rows('SELECT 1 FROM sera_history WHERE name = ?', [name])).length
    await write()
    const values = (ago: string, name: string) =>
      Array(1000).fill(`('mutex', '${name}', 'h', 1, 'u', 'c', ${ago}, NULL, ${ago}, 'ran', 0)`)
    await root.query(`INSERT INTO sera_history (kind, name, host, pid, user, command, requested_at, granted_at, released_at,
      outcome, exit_code) VALUES ${[
        ...values('UTC_TIMESTAMP(6) - INTERVAL 8 DAY', 'old'),
        ...values('UTC_TIMESTAMP(6) - INTERVAL 6 DAY', 'young'),
      ].join()}`)
    for (let n = 0; n < 40; n++) await write()
    t.is(await count('old'), 600, 'two of forty writes deleted two hundred each')
    for (let n = 0; n < 80; n++) await write()
    t.deepEqual([await count('old'), await count('young'), await count('new')], [0, 1000, 121])
  })

  test(`${kind}: entries are read back in order of their end`, async t => {
    const { account, open } = await database(t, server)
    const tables = open(await account('ALL'))
    await writeHistory(tables, ENDING, DAY_MS, deadline())
    const waited = { ...ENDING, key: { kind: 'gate', name: 'second' }, outcome: 'timed-out', ranMs: undefined }
    await writeHistory(tables, { ...waited, token: '17', exitCode: 204 }, DAY_MS, deadline())
    const [first, second] = await readHistory(tables.client, { limit: 10 }, deadline())
    t.like(first, { kind: 'mutex', name: 'new', outcome: 'ran', exitCode: 0, waitedMs: 1500, ranMs: 2500 })
    t.is(Date.parse(first?.grantedAt ?? '') - Date.parse(first?.requestedAt ?? ''), 1500)
    t.like(second, { kind: 'gate', name: 'second', token: '17', exitCode: 204, waitedMs: 1500 })
    t.deepEqual([second?.ranMs, second?.grantedAt], [undefined, undefined])
    t.is((await readHistory(tables.client, { limit: 1 }, deadline()))[0]?.name, 'second')
  })

  test(`${kind}: the library leaves no entries`, async t => {
    const { account, rows } = await database(t, server)
    const sera = await connect(await account('ALL'))
    await (await sera.mutex('x').acquire()).release()
    await sera.close()
    t.deepEqual(await rows('SELECT * FROM sera_history'), [])
  })
}
