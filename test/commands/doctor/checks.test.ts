/** The checks of clocks, connections and the guard, and their format, from given facts. */
import test from 'ava'
import fc from 'fast-check'
import type { CheckGroup } from '../../../src/commands/doctor/check.js'
import { clock, clockDifference } from '../../../src/commands/doctor/clock.js'
import { configChecks } from '../../../src/commands/doctor/config.js'
import { guardCheck, syslogCheck } from '../../../src/commands/doctor/host.js'
import { serverChecks, use } from '../../../src/commands/doctor/server.js'
import { isHealthy, json, shown } from '../../../src/commands/doctor/show.js'
import { tableChecks } from '../../../src/commands/doctor/tables.js'
import { type Dsn, EMBEDDED } from '../../../src/config/dsn.js'
import { resolveSettings } from '../../../src/config/resolve.js'
import { DEFAULT_SYSLOG } from '../../../src/config/syslog.js'
import { SCHEMA_VERSION } from '../../../src/store/schema/schema.js'
import { Undisclosed } from '../../../src/store/table-diagnosis.js'
import { MAJOR } from '../../../src/store/tables/process-id.js'
import { diagnosis, type GivenFacts } from './facts.js'

const AT = Date.parse('2026-11-21T16:36:32.018Z')
const reading = (aheadMs: number, roundTripMs: number) => ({
  before: AT - aheadMs - roundTripMs / 2,
  after: AT - aheadMs + roundTripMs / 2,
  server: '2026-11-21 16:36:32.018949',
})

test('the clock difference refers to the middle of the round trip, with half of it as error', t => {
  t.deepEqual(clockDifference(reading(0, 10)), { ms: 0, errorMs: 5 })
  t.deepEqual(clockDifference(reading(-2500, 8)), { ms: -2500, errorMs: 4 })
})

test('clock: good within a second, then a warning, bad above maxClockSkew', t => {
  const verdict = (aheadMs: number, roundTripMs = 0) => clock(reading(aheadMs, roundTripMs), 30_000).verdict
  t.deepEqual(
    [0, 999, -1000].map(ms => verdict(ms)),
    ['good', 'good', 'good'],
  )
  t.deepEqual(
    [1001, -1001, 30_000].map(ms => verdict(ms)),
    ['warning', 'warning', 'warning'],
  )
  t.deepEqual(
    [30_001, -3_600_000].map(ms => verdict(ms)),
    ['bad', 'bad'],
  )
  t.is(verdict(1400, 1000), 'good', 'the difference may be the round trip')
  t.regex(clock(reading(-2500, 0), 30_000).says, /^2\.5s behind this host's/)
  t.is(clock({ ...reading(0, 0), server: 'null' }, 30_000).verdict, 'unknown')
  t.is(clock(new Undisclosed('killed'), 30_000).verdict, 'unknown')
})

test('connections: a warning above 80 %', t => {
  t.is(use('max_connections', 80, 100, 'x').verdict, 'good')
  t.is(use('max_connections', 81, 100, 'x').verdict, 'warning')
  t.is(use('max_connections', Number.NaN, 100, 'x').verdict, 'unknown')
})

const LIMITS = { leaseMs: 60_000, maxClockSkewMs: 30_000, isMember: false }

test('wait_timeout: a warning if the server did not accept it', t => {
  const find = (told: GivenFacts) => serverChecks(diagnosis(told), LIMITS).find(({ name }) => name === 'wait_timeout')
  t.is(find({})?.verdict, 'good')
  t.regex(find({ sessionTimeout: 28_800 })?.says ?? '', /asked for 60s, its lease, and got 28800 s/)
})

test('TLS off is a warning for another host, not for this one', t => {
  const tls = (address: Dsn['address']) => {
    const { dsn, ...rest } = diagnosis()
    return serverChecks({ ...rest, dsn: { ...dsn, address } }, LIMITS).find(({ name }) => name === 'TLS')?.verdict
  }
  t.is(tls({ net: 'tcp', host: 'db', port: 3306 }), 'warning')
  t.is(tls({ net: 'tcp', host: 'localhost.evil.example', port: 3306 }), 'warning')
  for (const host of ['127.0.0.1', 'localhost', '::1']) t.is(tls({ net: 'tcp', host, port: 3306 }), 'good')
  t.is(tls({ net: 'unix', path: '/run/x' }), 'good')
})

test('a cleartext password without TLS to another host is a warning', t => {
  const password = (more: Partial<Dsn>, cipher = '') => {
    const { dsn, ...rest } = diagnosis({ status: { ssl_cipher: cipher } })
    return serverChecks({ ...rest, dsn: { ...dsn, ...more } }, LIMITS).find(({ name }) => name === 'password')?.verdict
  }
  const allowed = { allowCleartextPasswords: true }
  t.is(password({}), undefined)
  t.is(password(allowed), 'warning')
  t.is(password(allowed, 'TLS_AES_256_GCM_SHA384'), 'good')
  t.is(password({ ...allowed, address: { net: 'unix', path: '/run/x' } }), 'good')
})

test('binlog_format STATEMENT is bad for the lock tables', t => {
  const settings = { log_bin: 'ON', binlog_format: 'STATEMENT' }
  const verdict = (needed: boolean) =>
    tableChecks(diagnosis({ settings }), needed).find(({ name }) => name === 'binlog_format')?.verdict
  t.deepEqual([verdict(true), verdict(false)], ['bad', 'warning'])
})

test('versions: good with one major version, a warning that names hosts of another', t => {
  const versions = (...hosts: { host: string; major: number }[]) => {
    const tables = { database: 'sera', tables: [], version: SCHEMA_VERSION, hosts, mayCreate: true }
    const present = { name: 'sera_claim', engine: 'InnoDB', denied: [] }
    return tableChecks(diagnosis({ tables: { ...tables, tables: [present] } }), true).find(
      ({ name }) => name === 'versions',
    )
  }
  t.is(versions(), undefined)
  t.is(versions({ host: 'web-1', major: MAJOR })?.verdict, 'good')
  const mixed = versions({ host: 'web-1', major: MAJOR }, { host: 'web-2', major: MAJOR + 1 })
  t.is(mixed?.verdict, 'warning')
  t.is(mixed?.says, `web-2 runs sera ${MAJOR + 1}; this host runs sera ${MAJOR}`)
})

test('a check without an answer says that it was not checked', t => {
  const none = new Undisclosed('the connection was killed')
  const told = { identity: none, clock: none, sessionTimeout: none, tables: none, getLock: none }
  const found = serverChecks(diagnosis(told), LIMITS).filter(({ verdict }) => verdict === 'unknown')
  t.deepEqual(
    found.map(({ name }) => name),
    ['account', 'proxy', 'wait_timeout', 'clock'],
  )
  t.is(tableChecks(diagnosis(told), true)[0]?.verdict, 'unknown')
})

test('guard: the check names what is missing, or why the self-test failed', t => {
  t.is(guardCheck({ missing: [], ended: true }).verdict, 'good')
  t.regex(guardCheck({ missing: ['/proc/uptime'], ended: false }).says, /lacks \/proc\/uptime/)
  t.regex(guardCheck({ missing: [], ended: false, problem: 'it took too long' }).says, /\(it took too long\)/)
})

test('a missing /dev/log is a warning for the local syslog, bad for a given address', t => {
  const absent = { problem: 'there is no such socket', isBlind: false, isAbsent: true }
  const local = syslogCheck(DEFAULT_SYSLOG, absent)
  t.is(local.verdict, 'warning')
  t.is(local.says, 'unix:/dev/log does not exist; sera reports failures on stderr only')
  t.is(syslogCheck({ ...DEFAULT_SYSLOG, address: 'unix:/run/log' }, absent).verdict, 'bad')
  t.is(
    syslogCheck(DEFAULT_SYSLOG, { problem: 'no server listens there', isBlind: false, isAbsent: false }).verdict,
    'bad',
  )
  t.is(syslogCheck(undefined, undefined).verdict, 'good')
})

test('without a config file, the check names the origin of the server', async t => {
  const resolved = await resolveSettings({ file: '/no/such/file', env: { SERA_SERVER: 'sera@tcp(db)/' } })
  const [file] = configChecks({ resolved, modeOf: () => undefined })
  t.deepEqual(file, { name: 'file', verdict: 'good', says: 'no /etc/sera.json; SERA_SERVER names the server' })
})

const groups: CheckGroup[] = [
  { group: 'config', checks: [{ name: 'file', verdict: 'good', says: 'x '.repeat(60).trim() }] },
  {
    group: 'server',
    server: 'db:3306',
    checks: [
      { name: 'connection', verdict: 'bad', says: 'no\x1b[2J answer', remedy: 'do this' },
      { name: 'TLS', verdict: 'unknown', says: 'not checked' },
    ],
  },
]

test('the report is folded, without control characters, and its last line sums up', t => {
  const text = shown(groups, { columns: 60, colour: false, quiet: false })
  t.is(
    text,
    [
      'Config',
      `  ✓ file       ${'x '.repeat(22).trim()}`,
      `               ${'x '.repeat(22).trim()}`,
      `               ${'x '.repeat(16).trim()}`,
      '',
      'Server db:3306',
      '  ✗ connection no␛[2J answer',
      '               → do this',
      '  ? TLS        not checked',
      '',
      'One thing is wrong, 1 not checked.',
      '',
    ].join('\n'),
  )
  t.notRegex(shown(groups, { columns: 60, colour: false, quiet: true }), /Config/)
  t.true(shown(groups, { columns: 60, colour: true, quiet: true }).includes('\u001b[31m✗\u001b[0m connection'))
})

test('every line fits the width, for any text (property)', t => {
  const word = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 120, size: 'max' })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 40, max: 120 }), (words, columns) => {
      const checks = [
        { name: 'max_user_connections', verdict: 'bad' as const, says: words.join(' '), remedy: words.join(' ') },
      ]
      const text = shown([{ group: 'config', checks }], { columns, colour: false, quiet: false })
      for (const line of text.split('\n')) t.true(line.length <= columns, line)
      const squeezed = (text: string) => text.replace(/\s/g, '')
      t.true(squeezed(text).includes(squeezed(words.join(''))), 'nothing is lost')
    }),
  )
})

test('JSON has all checks in one flat list', t => {
  const { healthy, checks } = JSON.parse(json(groups))
  t.deepEqual([healthy, checks.length], [false, 3])
  t.deepEqual(checks[1], {
    ...{ group: 'server', server: 'db:3306', name: 'connection', verdict: 'bad', says: 'no\x1b[2J answer' },
    remedy: 'do this',
  })
  t.true(isHealthy([groups[0] as CheckGroup]))
})

test('no finding contains a password (property)', async t => {
  const resolved = await resolveSettings({ env: { SERA_SERVER: 'embedded' }, file: '/no/such/file' })
  fc.assert(
    fc.property(fc.string(), fc.boolean(), (text, connects) => {
      const password = `Zq9${text}Zq9`
      const dsn: Dsn = { ...EMBEDDED, user: 'sera', password, address: { net: 'unix', path: '/run/x' } }
      const settings = { ...resolved.settings, server: dsn, servers: [dsn] }
      const failure = Object.assign(new Error('refused'), { code: 'ER_ACCESS_DENIED_ERROR' })
      const found = connects ? { ...diagnosis(), dsn } : { dsn, connectMs: 1, facts: undefined, failure }
      const all: CheckGroup[] = [
        { group: 'config', checks: configChecks({ resolved: { ...resolved, settings }, modeOf: () => 0o644 }) },
        { group: 'server', checks: serverChecks(found, LIMITS) },
        { group: 'tables', checks: tableChecks(found, true) },
      ]
      t.notRegex(json(all) + shown(all, { columns: 80, colour: false, quiet: false }), /Zq9/)
    }),
  )
})
