/**
 * A client of version 2 with an open connection keeps working while the tables change to version 3, and newer clients
 * read its rows.
 */
import test from 'ava'
import { applySchema } from '../../../src/store/tables/migrate.js'
import { sharedServers } from '../../support/servers.js'
import { until } from '../../support/until.js'
import { database, deadline, run } from '../database.js'
import { OlderClient } from './older-client.js'
import { version2 } from './version-2.js'

const DAY_US = 86_400_000_000
const NAMESPACED = 'ns\0job'

for (const server of sharedServers()) {
  const { kind } = server

  test(`${kind}: a step of an older client that spans the change of the tables commits`, async t => {
    const { root, another, account, open, rows, name } = await database(t, server)
    await root.query(version2(kind))
    const client = new OlderClient(await another())
    const tables = open(await account('ALL'), { anySchema: true })
    await client.grant('mutex', 'm', 'first')
    const applied = applySchema(tables.client)
    const waiting = `SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = '${name}' AND STATE LIKE '%metadata lock%'`
    await until('the change waits for the step', async () => (await rows(waiting)).length > 0)
    await client.commit()
    t.deepEqual(await applied, { from: 2, to: 3 })
    await client.release('first')
    await client.grant('mutex', 'm', 'second')
    await client.commit()
    const newer = open(await account('ALL'))
    const [holder] = await newer.listClaims({ kind: 'mutex', name: 'm' }, deadline())
    t.like(holder, { id: 'second', state: 'granted', host: 'old-host' })
    t.is((await newer.renew(['second'], deadline())).size, 1)
  })

  test(`${kind}: rows that an older client writes after the change are listed and swept`, async t => {
    const { root, another, account, open, rows } = await database(t, server)
    const dsn = await account('ALL')
    await root.query(version2(kind))
    const client = new OlderClient(await another())
    await client.record('mutex', NAMESPACED)
    await applySchema(open(dsn, { anySchema: true }).client)
    await client.record('mutex', NAMESPACED)
    for (const [of, name, value, record] of [
      ['counter', 'kept', 3, null],
      ['mutex', 'unused', 0, null],
      ['once', NAMESPACED, 30 * DAY_US, '{}'],
    ] as const) {
      await client.grant(of, name, of, value, record)
      await client.commit()
      await client.release(of)
    }
    await root.query(`UPDATE sera_resource SET version = ${DAY_US}`)
    t.deepEqual(await rows('SELECT kind, namespace, kept_version, sweep_day FROM sera_resource ORDER BY kind'), [
      { kind: 'counter', namespace: '', kept_version: DAY_US, sweep_day: null },
      { kind: 'mutex', namespace: '', kept_version: null, sweep_day: 9 },
      { kind: 'once', namespace: 'ns', kept_version: DAY_US, sweep_day: 31 },
    ] as never)
    t.is((await run(dsn, 'status', '--json')).stdout.match(/"name":"[^"]*"/g)?.join(), '"name":"kept"')
    const entries = await run(dsn, 'history', '--json', { SERA_NAMESPACE: 'ns' })
    t.is(entries.stdout.trim().split('\n').length, 2)
    await client.grant('mutex', 'new', 'new')
    await client.commit()
    t.deepEqual(
      (await rows('SELECT kind FROM sera_resource ORDER BY kind')).map(row => row.kind),
      ['counter', 'mutex'],
      'the older client swept unused names',
    )
  })
}
