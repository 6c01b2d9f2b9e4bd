/** docs/how-to/upgrade.md: what rolls the lock tables back for an older sera. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { SCHEMA_VERSION } from '../../../src/store/schema/schema.js'
import { sharedServers } from '../../support/servers.js'
import { database, run } from '../database.js'

const FORMER = SCHEMA_VERSION - 1

for (const server of sharedServers()) {
  test(`${server.kind}: tables that are rolled back and updated again keep their rows`, async t => {
    const { account, root, rows } = await database(t, server)
    const dsn = await account('ALL')
    await run(dsn, 'semaphore', 'tickets', '1')
    const statements = readFileSync('docs/how-to/upgrade.md', 'utf8').match(/^ {4}(INSERT|DELETE) .*;$/gm) ?? []
    t.is(statements.length, 2)
    for (const statement of statements) await root.query(statement.replaceAll('VERSION', String(FORMER)))
    t.deepEqual(await rows('SELECT version FROM sera_schema'), [{ version: FORMER }] as never)
    t.is((await run(dsn, 'semaphore', 'tickets', '1')).code, 202)
    t.is((await run(dsn, 'schema', 'apply', '--json')).stdout, `{"from":${FORMER},"to":${SCHEMA_VERSION}}\n`)
    t.is((await run(dsn, 'semaphore', 'tickets', '1')).stdout, '2\n')
  })
}
