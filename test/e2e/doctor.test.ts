/** `sera doctor` on healthy servers, and on servers with one problem each. */
import { randomUUID } from 'node:crypto'
import { Ajv } from 'ajv'
import type { ExecutionContext } from 'ava'
import mysql from 'mysql2/promise'
import { SCHEMA_VERSION, statementsSince, TABLES } from '../../src/store/schema/schema.js'
import { MAJOR } from '../../src/store/tables/process-id.js'
import { sera } from '../support/cli.js'
import { couples } from '../support/each.js'
import { processesMarked } from '../support/processes.js'
import { RUNTIMES, type SeraRuntime } from '../support/runtimes.js'
import { bench } from '../support/sera.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'
import { until } from '../support/until.js'
import { visit } from './doctor.js'

/** Creates a database and an account with these privileges in it, and returns the DSN. */
async function database(t: ExecutionContext, server: SharedServer, rights: string, withTables = true) {
  const name = `doctor_${randomUUID().slice(0, 8)}`
  const root = await mysql.createConnection({ user: 'root', socketPath: server.socketPath })
  t.teardown(async () => {
    await root.query(`DROP DATABASE ${name}`)
    await root.query(`DROP USER '${name}'@'%'`)
    await root.end()
  })
  await root.query(`CREATE DATABASE ${name}`)
  await root.query(`USE ${name}`)
  if (withTables) for (const statement of statementsSince(0, server.kind === 'mariadb')) await root.query(statement)
  await root.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'secret'`)
  await root.query(`GRANT ${rights} ON ${name}.* TO '${name}'@'%'`)
  return { name, root, dsn: `${name}:secret@tcp(127.0.0.1:${server.port})/${name}` }
}

const RIGHTS = 'SELECT, INSERT, UPDATE, DELETE'

const isReport = new Ajv().compile({
  type: 'object',
  required: ['healthy', 'checks'],
  properties: {
    healthy: { type: 'boolean' },
    checks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['group', 'server', 'name', 'verdict', 'says', 'remedy'],
        additionalProperties: false,
        properties: {
          group: { enum: ['config', 'server', 'tables', 'engine', 'host'] },
          server: { type: ['string', 'null'] },
          name: { type: 'string' },
          verdict: { enum: ['good', 'warning', 'bad', 'unknown'] },
          says: { type: 'string' },
          remedy: { type: ['string', 'null'] },
        },
      },
    },
  },
})

function each(title: string, body: (t: ExecutionContext, runtime: SeraRuntime, server: SharedServer) => Promise<void>) {
  for (const [runtime, server] of couples(RUNTIMES, sharedServers()))
    test(`${title} (${runtime.name}, ${server.kind})`, t => body(t, runtime, server))
}

each('healthy setup: every check is good', async (t, runtime, server) => {
  const { dsn } = await database(t, server, RIGHTS)
  const found = await visit(t, runtime, dsn)
  t.deepEqual(found.unwell, [])
  t.true(isReport(found), JSON.stringify(isReport.errors))
  t.regex(found.find('engine').says, /^get_lock/)
  t.regex(found.find('kind').says, server.kind === 'mysql' ? /^MySQL \d/ : /^MariaDB \d/)
  t.is(found.find('tables').says, `${TABLES.length} tables of version ${SCHEMA_VERSION}`)
  t.is(found.find('connection').server, `127.0.0.1:${server.port}`)
})

each('the report has groups, one folded line a check, and a summary at the end', async (t, runtime, server) => {
  const { dsn } = await database(t, server, RIGHTS)
  const { code, stdout, stderr } = await sera(runtime, ['doctor'], { env: { SERA_SERVER: dsn } })
  t.deepEqual([code, stderr], [0, ''])
  t.regex(stdout, /^Config\n {2}✓ file {3,}\S+\/sera\.json\n/)
  t.regex(stdout, /\n\nNothing is wrong\.\n$/)
  for (const line of stdout.split('\n')) t.true(line.length <= 80, line)
  t.false(/secret/.test(stdout) || stdout.includes('\x1b'))
  const quiet = await sera(runtime, ['doctor', '--quiet'], { env: { SERA_SERVER: `${dsn}?parseTime=true` } })
  t.regex(
    quiet.stdout,
    /^Config\n {2}! parameters .*parseTime.*\n.*\n( {2,}→? .*\n)*\nNothing is wrong, 1 warning\.\n$/,
  )
})

each('TLS: good if verified, a warning if not', async (t, runtime, server) => {
  const { dsn } = await database(t, server, RIGHTS)
  const verified = await visit(t, runtime, `${dsn}?tls-ca=${encodeURIComponent(server.ca ?? '')}`)
  t.deepEqual(verified.unwell, [])
  t.regex(verified.find('TLS').says, /^TLSv1\.\d, \S+; the certificate is verified$/)
  const skipping = await visit(t, runtime, `${dsn}?tls=skip-verify`)
  t.deepEqual(skipping.unwell, ['warning: server/TLS'])
  const unknown = await visit(t, runtime, `${dsn}?tls=true`)
  t.deepEqual(unknown.unwell.slice(0, 1), ['bad: server/connection'])
  t.regex(unknown.find('connection').remedy ?? '', /tls-ca/)
})

each('ignored parameters give one warning, and all members are checked', async (t, runtime, server) => {
  const { dsn } = await database(t, server, RIGHTS)
  const asked = `${dsn}?parseTime=true&loc=Local`
  const env = { SERA_SERVERS: `${asked} ${asked.replace('127.0.0.1', 'localhost')}` }
  const { unwell, checks, find } = await visit(t, runtime, undefined, [], { env })
  t.deepEqual(unwell, ['warning: config/parameters'])
  t.is(find('parameters').says, 'sera ignores parseTime, loc of the DSN')
  t.is(checks.filter(({ name }) => name === 'kind').length, 2)
  t.regex(find('engine').says, /^lease, by 2 servers/)
  t.regex(find('writers').says, /2 of the 2/)
  t.regex(find('clocks').says, /at most/)
})

each('wrong password: checks without the server still run', async (t, runtime, server) => {
  const { name } = await database(t, server, RIGHTS)
  const wrong = `${name}:wrong\u00fc'";$(x)%@tcp(127.0.0.1:${server.port})/${name}`
  const { unwell, find, checks } = await visit(t, runtime, wrong)
  t.deepEqual(unwell, ['bad: server/connection', 'unknown: tables/tables', 'unknown: engine/engine'])
  const denied = `access denied for user '${name}'@'\\S+' \\(using password: YES\\)`
  t.regex(find('connection').says, new RegExp(`^cannot connect as ${name}, after .*: ${denied}$`))
  t.is(find('connection').remedy, 'check user and password')
  t.is(find('guard').verdict, 'good')
  t.notRegex(JSON.stringify(checks), /wrong\u00fc|\$\(x\)/)
})

each('a missing database is bad if the DSN names it, otherwise a warning', async (t, runtime, server) => {
  const { dsn, name, root } = await database(t, server, RIGHTS)
  const named = await visit(t, runtime, dsn.replace(/\/\w+$/, '/no_such_database'))
  t.deepEqual(named.unwell, ['bad: tables/database'])
  t.regex(named.find('database').says, /^no database no_such_database/)
  t.regex(named.find('database').remedy ?? '', /CREATE DATABASE no_such_database/)
  t.is(named.find('max_connections').verdict, 'good')
  await root.query(`REVOKE ALL ON ${name}.* FROM '${name}'@'%'`)
  const unnamed = dsn.replace(/\/\w+$/, '/')
  t.deepEqual((await visit(t, runtime, unnamed)).unwell, ['warning: tables/database'])
  t.deepEqual((await visit(t, runtime, unnamed, [], { env: { SERA_ENGINE: 'lease' } })).unwell, [
    'bad: tables/database',
  ])
})

each('rights: missing privileges are named, also if a role has the others', async (t, runtime, server) => {
  const { dsn, name, root } = await database(t, server, 'SELECT')
  const reading = await visit(t, runtime, dsn)
  t.deepEqual(reading.unwell, ['bad: tables/rights'])
  t.regex(reading.find('rights').says, /may not INSERT, UPDATE, DELETE on sera_resource; .* on sera_claim/)
  t.regex(reading.find('rights').remedy ?? '', /sera schema print/)
  const role = name.replace('doctor', 'role')
  t.teardown(() => root.query(`DROP ROLE '${role}'`))
  await root.query(`CREATE ROLE '${role}'`)
  await root.query(`GRANT INSERT, UPDATE ON ${name}.* TO '${role}'`)
  await root.query(`GRANT '${role}' TO '${name}'@'%'`)
  const active =
    server.kind === 'mysql'
      ? `ALTER USER '${name}'@'%' DEFAULT ROLE '${role}'`
      : `SET DEFAULT ROLE '${role}' FOR '${name}'@'%'`
  await root.query(active)
  t.regex((await visit(t, runtime, dsn)).find('rights').says, /may not DELETE on sera_resource/)
  await root.query(`GRANT DELETE ON ${name}.* TO '${role}'`)
  t.deepEqual((await visit(t, runtime, dsn)).unwell, [])
  await root.query(`REVOKE UPDATE ON ${name}.* FROM '${role}'`)
  t.regex((await visit(t, runtime, dsn)).find('rights').says, /may not UPDATE on sera_resource/)
})

each(
  'missing tables: the verdict depends on privileges and engine, and doctor creates none',
  async (t, runtime, server) => {
    const { dsn, name, root } = await database(t, server, 'ALL', false)
    const may = await visit(t, runtime, dsn)
    t.deepEqual(may.unwell, [])
    t.regex(may.find('tables').says, /^not there yet/)
    await root.query(`REVOKE CREATE ON ${name}.* FROM '${name}'@'%'`)
    t.deepEqual((await visit(t, runtime, dsn)).unwell, ['warning: tables/tables'])
    const needed = await visit(t, runtime, dsn, [], { env: { SERA_ENGINE: 'lease' } })
    t.deepEqual(needed.unwell, ['bad: tables/tables'])
    t.regex(needed.find('tables').remedy ?? '', /sera schema print/)
    const [made] = await root.query('SHOW TABLES')
    t.deepEqual(made, [])
  },
)

each('tables of another version, missing ones and ones without InnoDB are bad', async (t, runtime, server) => {
  const { dsn, root } = await database(t, server, RIGHTS)
  await root.query(`INSERT INTO sera_schema VALUES (${SCHEMA_VERSION + 1}, UTC_TIMESTAMP(6))`)
  const newer = await visit(t, runtime, dsn)
  t.deepEqual(newer.unwell, ['bad: tables/tables'])
  t.regex(newer.find('tables').says, /newer than this sera knows/)
  await root.query('UPDATE sera_schema SET version = 0 ORDER BY version LIMIT 1')
  await root.query(`DELETE FROM sera_schema WHERE version > 0`)
  t.regex((await visit(t, runtime, dsn)).find('tables').says, /older than this sera knows/)
  await root.query('ALTER TABLE sera_claim ENGINE = MyISAM')
  t.regex((await visit(t, runtime, dsn)).find('tables').says, /^sera_claim \(MyISAM\) is not InnoDB/)
  await root.query(`UPDATE sera_schema SET version = ${SCHEMA_VERSION}`)
  await root.query('DROP TABLE sera_claim')
  t.regex((await visit(t, runtime, dsn)).find('tables').says, /^sera_claim is missing/)
})

each('it answers while all rows of the tables are locked, and delays no transaction', async (t, runtime, server) => {
  const { dsn, root } = await database(t, server, RIGHTS)
  await root.query("INSERT INTO sera_resource (kind, name, version) VALUES ('mutex', 'x', 1)")
  await root.query('START TRANSACTION')
  await root.query('SELECT * FROM sera_resource FOR UPDATE')
  await root.query('SELECT * FROM sera_claim FOR UPDATE')
  await root.query('UPDATE sera_resource SET version = version + 1')
  t.deepEqual((await visit(t, runtime, dsn)).unwell, [])
  await root.query('COMMIT')
  const [[row]] = await root.query<mysql.RowDataPacket[]>('SELECT version FROM sera_resource')
  t.is(Number(row?.version), 2)
})

each('it leaves no process and no row behind', async (t, runtime, server) => {
  const { dsn, root } = await database(t, server, RIGHTS)
  const mark = randomUUID()
  await visit(t, runtime, dsn, [], { env: { SERA_TEST_MARK: mark } })
  t.deepEqual(processesMarked(mark), [])
  for (const table of ['sera_resource', 'sera_claim']) t.deepEqual((await root.query(`SELECT * FROM ${table}`))[0], [])
})

each('a host that holds with another major version of sera is a warning', async (t, runtime, server) => {
  const { root, dsn } = await database(t, server, RIGHTS)
  const holder = bench(t, runtime, dsn)
  holder.sub(['semaphore', 'versions', '1', '5', 'sh', '-c', holder.untilTold])
  await until('a holder in the tables', async () =>
    (await visit(t, runtime, dsn)).checks.some(({ name }) => name === 'versions'),
  )
  t.is((await visit(t, runtime, dsn)).find('versions').verdict, 'good')
  await root.query("UPDATE sera_claim SET host = 'web-2', process_id = CONCAT('v9-', SUBSTRING(process_id, 4))")
  const { healthy, find } = await visit(t, runtime, dsn)
  t.true(healthy)
  t.like(find('versions'), { verdict: 'warning', says: `web-2 runs sera 9; this host runs sera ${MAJOR}` })
})
