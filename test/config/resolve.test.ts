/** The resolution of config file, environment and flags. */
import test from 'ava'
import fc from 'fast-check'
import { describeDsn } from '../../src/config/dsn.js'
import { resolveSettings } from '../../src/config/resolve.js'
import { flagOf, SETTING_NAMES, variableOf } from '../../src/config/settings.js'
import { SeraError } from '../../src/errors.js'
import { resolve, server, settingsOf } from './layers.js'

test('an absent setting has its default', async t => {
  const { settings, warnings, originOf } = await resolve({})
  const { server: dsn, servers, ...rest } = settings
  t.is(describeDsn(dsn), 'db:3306')
  t.deepEqual(servers, [dsn])
  t.deepEqual(rest, {
    engine: 'auto',
    leaseMs: 60_000,
    graceMs: 10_000,
    namespace: '',
    onLost: 'reclaim',
    syslog: undefined,
    verbose: false,
    audit: false,
    history: { keepMs: 30 * 86_400_000, always: false },
    waitAndSkip: false,
    detailedExitCodes: false,
    allowMultiPrimary: false,
    connectWaitMs: 30_000,
    maxClockSkewMs: 30_000,
    mask: [],
  })
  t.deepEqual(warnings, [])
  t.is(originOf('lease'), 'default')
})

test('for each key, a flag overrides the environment, which overrides the file', async t => {
  const file = { server, lease: 100, grace: 5, onLost: 'ignore' }
  const env = { SERA_LEASE: '200', SERA_GRACE: '6s' }
  const { settings, originOf } = await resolve({ file, env, flags: { lease: '300' } })
  t.like(settings, { leaseMs: 300_000, graceMs: 6000, onLost: 'ignore' })
  t.deepEqual([originOf('lease'), originOf('grace')], ['--lease', 'SERA_GRACE'])
  t.regex(originOf('onLost'), /sera-\d+\.json: onLost$/)
})

test('every setting can be set by its environment variable', async t => {
  const settings = await settingsOf({
    env: {
      SERA_SERVER: 'tcp(env)/',
      SERA_ENGINE: 'lease',
      SERA_LEASE: '2m',
      SERA_GRACE: '1',
      SERA_NAMESPACE: 'n',
      SERA_ON_LOST: 'terminate',
      SERA_SYSLOG: 'udp://log',
      SERA_VERBOSE: 'stderr',
      SERA_AUDIT: 'yes',
      SERA_HISTORY: '7d',
      SERA_WAIT_AND_SKIP: 'true',
      SERA_DETAILED_EXIT_CODES: 'on',
      SERA_ALLOW_MULTI_PRIMARY: '1',
      SERA_CONNECT_WAIT: '5s',
      SERA_MAX_CLOCK_SKEW: '7s',
      SERA_MASK: 'a b\nc\n',
    },
  })
  const { server: dsn, servers, ...rest } = settings
  t.is(describeDsn(dsn), 'env:3306')
  t.deepEqual(servers, [dsn])
  t.deepEqual(rest, {
    engine: 'lease',
    leaseMs: 120_000,
    graceMs: 1000,
    namespace: 'n',
    onLost: 'terminate',
    syslog: { address: 'udp://log:514', facility: 'user', tag: 'sera' },
    verbose: 'stderr',
    audit: true,
    history: { keepMs: 7 * 86_400_000, always: true },
    waitAndSkip: true,
    detailedExitCodes: true,
    allowMultiPrimary: true,
    connectWaitMs: 5000,
    maxClockSkewMs: 7000,
    mask: [/a b/dg, /c/dg],
  })
})

test('without a command, the lease need not leave room for the grace', async t => {
  const env = { SERA_SERVER: 'tcp(db)/', SERA_LEASE: '3s' }
  await t.throwsAsync(resolveSettings({ env, file: '/no/such/file' }), { message: /half the lease/ })
  t.like((await resolveSettings({ env, file: '/no/such/file', graceless: true })).settings, {
    leaseMs: 3000,
    graceMs: 0,
  })
  env.SERA_LEASE = '1s'
  await t.throwsAsync(resolveSettings({ env, file: '/no/such/file', graceless: true }), { message: /half the lease/ })
})

test('the history has a duration or is off, and includes plain locks only if set', async t => {
  const historyOf = async (history: unknown) => (await settingsOf({ file: { server, history } })).history
  t.deepEqual(await historyOf(true), { keepMs: 30 * 86_400_000, always: true })
  t.deepEqual(await historyOf('12h'), { keepMs: 12 * 3_600_000, always: true })
  t.is(await historyOf(false), undefined)
  t.is((await settingsOf({ env: { SERA_SERVER: server, SERA_HISTORY: 'no' } })).history, undefined)
})

test('the names of variables and flags follow from the key', t => {
  t.is(variableOf('allowMultiPrimary'), 'SERA_ALLOW_MULTI_PRIMARY')
  t.is(flagOf('onLost'), '--on-lost')
})

test('a bare flag turns a setting on, a negated one off', async t => {
  const on = await settingsOf({ flags: { verbose: true, syslog: true, audit: true } })
  t.like(on, { verbose: 'stderr', syslog: { address: 'unix:/dev/log' }, audit: true })
  const off = await settingsOf({
    file: { server, verbose: true, syslog: true },
    flags: { verbose: false, syslog: false },
  })
  t.like(off, { verbose: false, syslog: undefined })
})

test('a bare --syslog uses the address of the config', async t => {
  const syslogWith = async (file: object) =>
    (await settingsOf({ file: { server, ...file }, flags: { syslog: true } })).syslog
  t.like(await syslogWith({ syslog: 'udp://log' }), { address: 'udp://log:514' })
  t.like(await syslogWith({ syslog: false }), { address: 'unix:/dev/log' })
})

test('a wrong flag is a usage error, a wrong variable or key a config error', async t => {
  const flag = await t.throwsAsync(resolve({ flags: { lease: 'soon' } }), {
    instanceOf: SeraError,
    message: /^--lease: expected .*"soon"$/,
  })
  t.is(flag.kind, 'usage')
  const variable = await t.throwsAsync(resolve({ env: { SERA_ON_LOST: 'x' } }), {
    instanceOf: SeraError,
    message: /^SERA_ON_LOST: expected /,
  })
  t.is(variable.kind, 'config')
  const key = await t.throwsAsync(resolve({ file: { server, grace: 'x' } }), {
    instanceOf: SeraError,
    message: /\.json: grace: expected /,
  })
  t.is(key.kind, 'config')
})

test('a flag without its value is refused', async t => {
  await t.throwsAsync(resolve({ flags: { lease: true } }), { message: /^--lease: expected seconds .*, got true$/ })
  await t.throwsAsync(resolve({ flags: { server: true } }), { message: /^--server: expected a DSN, got a boolean$/ })
})

test('an empty value is refused and never means the default', async t => {
  for (const name of SETTING_NAMES) {
    await t.throwsAsync(resolve({ env: { [variableOf(name)]: '' } }), {
      instanceOf: SeraError,
      message: new RegExp(`^${variableOf(name)}: `),
    })
    const error = await t.throwsAsync(resolve({ flags: { [name]: '' } }), {
      instanceOf: SeraError,
      message: new RegExp(`^${flagOf(name)}: `),
    })
    t.is(error.kind, 'usage')
  }
  t.is(
    (await t.throwsAsync(resolve({ flags: { config: '' } }), { instanceOf: SeraError, message: /^--config: / })).kind,
    'usage',
  )
  t.is(
    (await t.throwsAsync(resolve({ env: { SERA_CONFIG: '' } }), { instanceOf: SeraError, message: /^SERA_CONFIG: / }))
      .kind,
    'config',
  )
})

test('a lease too short for the grace is refused, with the kind of its source', async t => {
  const message =
    /^grace \(29s, .*grace\) and a margin of 1s must be less than half the lease \(60s, default\): make the lease longer than 60s or grace shorter than 29s$/
  const inFile = await t.throwsAsync(resolve({ file: { server, grace: 29 } }), { instanceOf: SeraError, message })
  t.is(inFile.kind, 'config')
  const asFlag = await t.throwsAsync(resolve({ flags: { grace: '29' } }), { instanceOf: SeraError, message })
  t.is(asFlag.kind, 'usage')
  const lease = await t.throwsAsync(resolve({ file: { server, grace: 29 }, flags: { lease: '60' } }), {
    instanceOf: SeraError,
  })
  t.is(lease.kind, 'usage')
  await t.notThrowsAsync(resolve({ flags: { grace: '28.999' } }))
  await t.throwsAsync(resolve({ flags: { lease: '0', grace: '0' } }), { message: /: make the lease longer than 2s$/ })
})

test('a lease above the limit is refused', async t => {
  await t.notThrowsAsync(resolve({ flags: { lease: '1d' } }))
  await t.throwsAsync(resolve({ flags: { lease: '25h' } }), {
    instanceOf: SeraError,
    message: '--lease: a lease must be at most 1d',
  })
})

const anyText = fc.oneof(fc.string(), fc.constantFrom('0', '5', '90s', 'true', 'stderr', 'lease', server, '/x'))
const anyNames = <T>(value: fc.Arbitrary<T>) => fc.dictionary(fc.constantFrom(...SETTING_NAMES), value, { maxKeys: 3 })

test('any input gives safe settings or a SeraError (property)', async t => {
  let settled = 0
  await fc.assert(
    fc.asyncProperty(
      anyNames(fc.jsonValue()),
      anyNames(anyText),
      anyNames(fc.oneof(anyText, fc.boolean())),
      async (file, env, flags) => {
        const variables = Object.entries(env).map(([name, text]) => [variableOf(name as 'lease'), text])
        try {
          const { settings } = await resolve({ file: { server, ...file }, env: Object.fromEntries(variables), flags })
          settled++
          t.true(settings.graceMs + 1000 < settings.leaseMs / 2)
        } catch (error) {
          t.true(error instanceof SeraError, String(error))
        }
      },
    ),
    // most inputs are refused; this one is not
    { numRuns: 200, examples: [[{}, {}, {}]] },
  )
  t.true(settled > 0)
})

test('no error or warning contains a password, in any source (property)', async t => {
  const password = 'ØÞß'
  const dsns = fc.constantFrom(`u:${password}@tcp(db)/`, `u:${password}@tcp(db)`, `mysql://u:${password}@db:x/`)

  const entries = fc.dictionary(fc.constantFrom(...SETTING_NAMES.filter(name => name !== 'serverFile')), dsns, {
    maxKeys: 2,
  })
  await fc.assert(
    fc.asyncProperty(entries, fc.constantFrom('file', 'env', 'flags'), async (given, layer) => {
      const variables = Object.fromEntries(
        Object.entries(given).map(([name, text]) => [variableOf(name as 'lease'), text]),
      )
      const said = await resolve({
        file: { server, ...(layer === 'file' && given) },
        env: layer === 'env' ? variables : {},
        flags: layer === 'flags' ? given : {},
      }).then(
        ({ warnings }) => warnings.join(),
        error => String(error.stack),
      )
      t.notRegex(said, /[ØÞß]/)
    }),
    { numRuns: 300 },
  )
})
