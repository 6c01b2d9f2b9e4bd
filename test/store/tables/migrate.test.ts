/** `sera schema` creates, updates and drops the lock tables, on request and with the privileges for it. */
import test from 'ava'
import { SCHEMA_VERSION } from '../../../src/store/schema/schema.js'
import { cleanEnvironment } from '../../support/cli.js'
import { TestTerminal } from '../../support/pty.js'
import { sharedServers } from '../../support/servers.js'
import { until } from '../../support/until.js'
import { type Database, database, run } from '../database.js'
import { version1 } from '../schema/version-1.js'
import { version2 } from '../schema/version-2.js'

const FORMER = { 1: version1, 2: version2 }

const older = (version: string) =>
  `sera: the lock tables have version ${version}, older than this sera knows (3): run \`sera schema apply\`\n`

for (const server of sharedServers()) {
  const { kind } = server

  for (const [version, former] of Object.entries(FORMER)) {
    test(`${kind}: tables of version ${version} are refused, updated on request, and keep their rows`, async t => {
      const { account, root, rows } = await database(t, server)
      const dsn = await account('ALL')
      await root.query(former(kind))
      await root.query(`INSERT INTO sera_resource (kind, name, version, value) VALUES ('counter', 'tickets', 1, 7)`)
      t.like(await run(dsn, 'semaphore', 'tickets', '1'), { code: 202, stdout: '', stderr: older(version) })
      t.like(await run(dsn, 'history'), { code: 202, stdout: '', stderr: older(version) })
      t.like(await run(dsn, 'schema', 'apply'), { code: 0, stdout: `${version} -> 3\n`, stderr: '' })
      t.like(await run(dsn, 'schema', 'apply'), { code: 0, stdout: 'up to date: version 3\n' })
      t.like(await run(dsn, 'schema', 'apply', '--json'), { code: 0, stdout: '{"from":3,"to":3}\n' })
      const versions = await rows('SELECT version FROM sera_schema ORDER BY version')
      t.deepEqual(versions, [{ version: Number(version) }, { version: 3 }] as never)
      t.is((await run(dsn, 'semaphore', 'tickets', '1')).stdout, '8\n')
      t.is((await rows('SELECT * FROM sera_history')).length, 1)
    })
  }

  test(`${kind}: updated tables equal newly created ones`, async t => {
    const made = await database(t, server)
    t.like(await run(await made.account('ALL'), 'schema', 'apply'), { stdout: `created version ${SCHEMA_VERSION}\n` })
    for (const former of Object.values(FORMER)) {
      const grown = await database(t, server)
      await grown.root.query(former(kind))
      await run(await grown.account('ALL'), 'schema', 'apply')
      const printed = await database(t, server)
      await printed.root.query(former(kind))
      await printed.root.query(await printedFor(printed, 'sera'))
      t.deepEqual(await columnsOf(grown), await columnsOf(made))
      t.deepEqual(await columnsOf(printed), await columnsOf(made))
    }
  })

  test(`${kind}: of several concurrent updates one makes the change`, async t => {
    const { account, root, rows } = await database(t, server)
    const dsn = await account('ALL')
    await root.query(version1(kind))
    const results = await Promise.all([1, 2, 3, 4].map(() => run(dsn, 'schema', 'apply')))
    t.deepEqual(results.map(({ stdout }) => stdout).sort(), ['1 -> 3\n', ...Array(3).fill('up to date: version 3\n')])
    t.deepEqual(await rows('SELECT version FROM sera_schema ORDER BY version'), [
      { version: 1 },
      { version: 3 },
    ] as never)
  })

  test(`${kind}: an update waits for another update that is running`, async t => {
    const { account, root, rows, name } = await database(t, server)
    const dsn = await account('ALL')
    await root.query(version1(kind))
    const lock = `LEFT(CONCAT('sera_schema:', SHA2('${name}', 256)), 64)`
    await root.query(`SELECT GET_LOCK(${lock}, 0)`)
    const applied = run(dsn, 'schema', 'apply')
    const waiting = `SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = '${name}' AND STATE = 'User lock'`
    await until('it waits', async () => (await rows(waiting)).length > 0)
    t.deepEqual(await rows('SELECT version FROM sera_schema'), [{ version: 1 }] as never)
    await root.query(`SELECT RELEASE_LOCK(${lock})`)
    t.is((await applied).stdout, '1 -> 3\n')
  })

  test(`${kind}: without the privilege an update names the DBA; newer tables stay unchanged`, async t => {
    const { account, root, rows } = await database(t, server)
    const dsn = await account('SELECT, INSERT, UPDATE, DELETE')
    const missing = await run(dsn, 'schema', 'apply')
    t.is(missing.code, 202)
    t.regex(missing.stderr, /^sera: the lock tables are missing in database schema_\w+, and .* a DBA [^\n]*\n$/)
    await root.query(version1(kind))
    const older = await run(dsn, 'schema', 'apply')
    t.is(older.code, 202)
    t.regex(
      older.stderr,
      /^sera: the lock tables are of version 1 in database \w+, and .* may not change .* a DBA [^\n]*\n$/,
    )
    const drop = await run(dsn, 'schema', 'drop', '--yes')
    t.is(drop.code, 202)
    t.regex(
      drop.stderr,
      /^sera: the account may not drop .*: have a DBA run `DROP TABLE IF EXISTS sera_schema,[^\n]*\n$/,
    )
    await root.query('INSERT INTO sera_schema VALUES (99, UTC_TIMESTAMP(6))')
    const newer = await run(dsn, 'schema', 'apply')
    t.is(newer.code, 202)
    t.regex(newer.stderr, /version 99, newer than this sera knows/)
    t.is((await rows('SHOW TABLES')).length, 3)
  })

  test(`${kind}: an account with only the printed grants can do everything`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('USAGE')
    t.is((await run(dsn, '--verbose', 'semaphore', 'x', '1')).code, 202, 'not yet')
    await db.root.query(await printedFor(db, dsn.split(':')[0] ?? ''))
    const lines: [string[], string][] = [
      [['schema', 'apply'], 'up to date: version 3\n'],
      [['rwlock', 'read', 'x', '5', 'sh', '-c', 'sera=ran; echo $sera'], 'ran\n'],
      [['semaphore', 'x', '2', '5', 'echo', 'ran'], 'ran\n'],
      [['semaphore', 'x', '3'], '3\n'],
      [['barrier', 'x', '1'], ''],
      [['barrier', 'x', '1', '5', 'echo', 'ran'], 'ran\n'],
      [['gate', 'close', 'x'], ''],
      [['gate', 'open', 'x'], ''],
      [['--engine', 'lease', '5', 'echo', 'ran'], 'ran\n'],
      [['--verbose', '5', 'echo', 'ran'], 'ran\n'],
    ]
    for (const [words, stdout] of lines) {
      t.like(await run(dsn, ...words, { SERA_HISTORY: '1h' }), { code: 0, stdout, stderr: '' }, words.join(' '))
    }
    const entries = (await run(dsn, 'history', '--json')).stdout.trim().split('\n')
    t.is(entries.length, lines.length - 1)
  })

  test(`${kind}: a drop is refused while claims are live, and spares other tables`, async t => {
    const { account, root, rows } = await database(t, server)
    const dsn = await account('ALL')
    t.like(await run(dsn, 'schema', 'drop', '--yes'), { code: 0, stdout: 'there were no lock tables\n' })
    await run(dsn, 'gate', 'close', 'x')
    await root.query('CREATE TABLE sera_own_notes (id INT)')
    await root.query(`INSERT INTO sera_claim (id, resource_id, ticket, process_id, host, pid, user, command, state, units,
      lease_ms, renewals, expires_at, requested_at) SELECT state, id, 1, 'p', 'h', 1, 'u', 'c', state, 1, 1, 1,
      UTC_TIMESTAMP(6) + INTERVAL lease SECOND, UTC_TIMESTAMP(6) FROM sera_resource,
      (SELECT 'granted' AS state, 60 AS lease UNION SELECT 'waiting', 60 UNION SELECT 'dead', -60) states`)
    const refused = await run(dsn, 'schema', 'drop', '--yes')
    t.is(refused.code, 208)
    t.regex(
      refused.stderr,
      /^sera: the lock tables in database \w+ at [\d.:]+ \(1 held, 1 waiting\), [^\n]*--force[^\n]*\n$/,
    )
    const unasked = await run(dsn, 'schema', 'drop', '--force')
    t.is(unasked.code, 201)
    t.regex(unasked.stderr, /^sera: [^\n]*--yes[^\n]*\n$/)
    t.is((await rows('SHOW TABLES')).length, 5)
    const dropped = await run(dsn, 'schema', 'drop', '--force', '--yes', '--json')
    t.like(dropped, { code: 0, stdout: '{"dropped":true,"held":1,"waiting":1}\n' })
    t.deepEqual(
      (await rows('SHOW TABLES')).flatMap(row => Object.values(row)),
      ['sera_own_notes'],
    )
    t.is((await run(dsn, 'semaphore', 'x', '1')).stdout, '1\n', 'the tables are created again on use')
  })

  test(`${kind}: on a terminal a drop asks for confirmation`, async t => {
    const { account, rows } = await database(t, server)
    const dsn = await account('ALL')
    await run(dsn, 'gate', 'close', 'x')
    const env = { ...(await cleanEnvironment()), SERA_SERVER: dsn }
    const no = new TestTerminal('bin/sera schema drop', env)
    await no.sees(/drop the lock tables in database \w+ at [\d.:]+ \(0 held, 0 waiting\).*\?/)
    no.type('n\n')
    t.is(await no.closed, 208)
    t.is((await rows('SHOW TABLES')).length, 4)
    const yes = new TestTerminal('bin/sera schema drop', env)
    await yes.sees(/\?/)
    yes.type('y\n')
    t.is(await yes.closed, 0)
    t.deepEqual(await rows('SHOW TABLES'), [])
  })
}

/** What `sera schema print` prints for this database. */
async function printedFor({ name }: Database, user: string): Promise<string> {
  const { code, stdout } = await run(`${user}:secret@tcp(127.0.0.1)/${name}`, 'schema')
  if (code !== 0) throw new Error(`sera schema: ${code}`)
  return user === 'sera' ? stdout.replaceAll(/^GRANT.*$/gm, '') : stdout
}

async function columnsOf({ rows, name }: Database): Promise<unknown> {
  const columns = await rows(
    `SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLLATION_NAME, EXTRA,
       GENERATION_EXPRESSION
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY 1, 3`,
    [name],
  )
  const keys = await rows(
    `SELECT TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? ORDER BY 1, 2, 3`,
    [name],
  )
  return { columns, keys }
}
