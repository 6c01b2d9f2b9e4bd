/** The lock tables are created on first use, checked for their version, and swept. */
import test, { type ExecutionContext } from 'ava'
import { SCHEMA_VERSION, statementsSince } from '../../../src/store/schema/schema.js'
import { type SharedServer, sharedServers, startServer } from '../../support/servers.js'
import { database, deadline, run } from '../database.js'

const CONTENTION = 200

for (const server of sharedServers()) {
  const { kind } = server

  test.serial(`${kind}: two hundred first clients at once create the tables once`, async t => {
    const { account, rows, open } = await database(t, server)
    const dsn = await account('ALL')
    const stores = Array.from({ length: CONTENTION }, () => open(dsn))
    const looks = await Promise.all(
      stores.map(store => store.look([{ key: { kind: 'mutex', name: 'x' }, upTo: 0 }], deadline())),
    )
    t.true(looks.every(([state]) => state?.resource.version === 0))
    t.deepEqual(await rows('SELECT version FROM sera_schema'), [{ version: SCHEMA_VERSION }] as never)
  })

  test(`${kind}: an account that may not create tables gets 202, and nothing runs`, async t => {
    const { account, root } = await database(t, server)
    const dsn = await account('SELECT, INSERT, UPDATE, DELETE')
    const refused = await run(dsn, 'rwlock', 'read', 'x', '5', 'echo', 'ran')
    t.deepEqual({ code: refused.code, stdout: refused.stdout }, { code: 202, stdout: '' })
    t.regex(
      refused.stderr,
      /^sera: the lock tables are missing in database schema_\w+, and .* `sera schema print` [^\n]*\n$/,
    )
    for (const statement of statementsSince(0, kind === 'mariadb')) await root.query(statement)
    t.is(
      (await run(dsn, 'rwlock', 'read', 'x', '5', 'echo', 'ran')).stdout,
      'ran\n',
      'the privileges suffice once the tables exist',
    )
  })

  test(`${kind}: tables of an unknown version are not changed`, async t => {
    const { account, root } = await database(t, server)
    const dsn = await account('ALL')
    for (const statement of statementsSince(0, kind === 'mariadb')) await root.query(statement)
    await root.query('INSERT INTO sera_schema VALUES (99, UTC_TIMESTAMP(6))')
    const refused = await run(dsn, 'semaphore', 'x', '4')
    t.deepEqual({ code: refused.code, stdout: refused.stdout }, { code: 202, stdout: '' })
    t.regex(
      refused.stderr,
      /^sera: the lock tables have version 99, newer than this sera knows \(3\): update sera here\n$/,
    )
    const [rows] = await root.query('SELECT * FROM sera_resource')
    t.deepEqual(rows as unknown, [])
  })

  test(`${kind}: a read-only server, or one without a usable database, is refused`, async t => {
    const { dsn } = await readOnly(t, kind)
    const started = performance.now()
    const refused = await run(dsn, 'semaphore', 'x', '4')
    t.true(performance.now() - started < 25_000, 'connectWait is not waited for')
    t.is(refused.code, 202)
    t.regex(
      refused.stderr,
      /^sera: 127\.0\.0\.1:\d+ can't hold locks: the server is read-only: .*; name the primary\n$/,
    )
    const nowhere = await run(server.dsn('no_such_database'), 'semaphore', 'x', '4')
    t.is(nowhere.code, 202)
    t.regex(nowhere.stderr, /no_such_database/)
  })

  test(`${kind}: names unused for a week are deleted, except kept values and records`, async t => {
    const { account, root, rows } = await database(t, server)
    const dsn = await account('ALL')
    for (const statement of statementsSince(0, kind === 'mariadb')) await root.query(statement)
    await root.query(`INSERT INTO sera_resource (kind, name, version, value, record) VALUES
      ('mutex', 'old', 1, 0, NULL), ('counter', 'kept', 1, 3, NULL), ('mutex', 'waited for', 1, 0, NULL),
      ('once', 'over', 1, 1, '{}'), ('once', 'remembered', 1, ${Number.MAX_SAFE_INTEGER}, '{}'),
      ('once', 'waited for', 1, 1, '{}'), ('once', 'of today', 1e6 * UNIX_TIMESTAMP(), 1, '{}')`)
    await root.query(`INSERT INTO sera_claim (id, resource_id, ticket, process_id, host, pid, user, command, state, units,
      lease_ms, renewals, expires_at, requested_at) SELECT kind, id, 1, 'p', 'h', 1, 'u', 'c', 'waiting', 1, 1, 1,
      UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) FROM sera_resource WHERE name = 'waited for'`)
    t.is((await run(dsn, '--engine', 'lease', '--name', 'new', '5', 'true')).code, 0)
    const left = await rows('SELECT kind, name FROM sera_resource ORDER BY kind, name')
    t.deepEqual(
      left.map(row => `${row.kind} ${row.name}`),
      ['counter kept', 'mutex new', 'mutex waited for', 'once of today', 'once remembered', 'once waited for'],
    )
  })

  test(`${kind}: names are compared byte by byte, including trailing spaces`, async t => {
    const { account } = await database(t, server)
    const dsn = await account('ALL')
    for (const [name, delta] of [
      ['a', '1'],
      ['A', '2'],
      ['a ', '4'],
      ['ä', '8'],
      ['🙂', '16'],
    ] as const) {
      t.is((await run(dsn, 'semaphore', name, delta)).stdout, `${delta}\n`)
    }
  })
}

async function readOnly(t: ExecutionContext, kind: SharedServer['kind']) {
  const server = await startServer({ kind, args: ['--read-only=1'] })
  t.teardown(() => server.stop())
  return { dsn: server.dsn() }
}
