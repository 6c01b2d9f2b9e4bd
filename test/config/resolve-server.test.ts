/** The ways to name the server, in each source of settings. */
import test from 'ava'
import { describeDsn } from '../../src/config/dsn.js'
import { resolveSettings } from '../../src/config/resolve.js'
import { SeraError } from '../../src/errors.js'
import { directory, fileOf, noFile, resolve, server, settingsOf } from './layers.js'

test('without a server the error says how to name one', async t => {
  const missing = await t.throwsAsync(resolveSettings({ file: noFile, env: {} }), {
    instanceOf: SeraError,
    message:
      /^no server: .*none\.json does not exist; name one with --server, SERA_SERVER, .*--server embedded .*never runs a command unguarded/,
  })
  t.is(missing.kind, 'config')
  const silent = await t.throwsAsync(resolve({ file: {} }), {
    instanceOf: SeraError,
    message: /^no server: .* names none;/,
  })
  t.is(silent.kind, 'config')
})

test('the default config file may be missing if a server is named elsewhere', async t => {
  const fromEnvironment = await resolveSettings({ file: noFile, env: { SERA_SERVER: server } })
  const fromFlag = await resolveSettings({ file: noFile, env: {}, flags: { server } })
  t.is(describeDsn(fromEnvironment.settings.server), describeDsn(fromFlag.settings.server))
})

test('a named config file must exist, and an existing one must be readable', async t => {
  for (const given of [{ env: { SERA_CONFIG: noFile } }, { env: {}, flags: { config: noFile } }]) {
    const env = { ...given.env, SERA_SERVER: server }
    const error = await t.throwsAsync(resolveSettings({ ...given, env }), {
      instanceOf: SeraError,
      message: /there is no such file$/,
    })
    t.is(error.kind, 'config')
  }
  const unreadable = resolveSettings({ file: directory, env: { SERA_SERVER: server } })
  await t.throwsAsync(unreadable, { instanceOf: SeraError, message: /is a directory$/ })
})

test('--config overrides SERA_CONFIG, which overrides the default file', async t => {
  const [a, b, c] = ['a', 'b', 'c'].map(host => fileOf({ server: `tcp(${host})/` }))
  const env = { SERA_CONFIG: b! }
  t.is(describeDsn((await resolveSettings({ file: a!, env, flags: { config: c! } })).settings.server), 'c:3306')
  t.is(describeDsn((await resolveSettings({ file: a!, env })).settings.server), 'b:3306')
  t.is(describeDsn((await resolveSettings({ file: a!, env: {} })).settings.server), 'a:3306')
})

test('serverFile names a file with a DSN', async t => {
  const serverFile = fileOf(' tcp(secret)/ \n')
  t.is(describeDsn((await settingsOf({ file: { serverFile } })).server), 'secret:3306')
  t.is(describeDsn((await settingsOf({ env: { SERA_SERVER_FILE: serverFile } })).server), 'secret:3306')
})

test('an overridden server is not read, in any of the ways to name it', async t => {
  const dsn = await settingsOf({ file: { serverFile: noFile }, env: { SERA_SERVER: 'tcp(env)/' } })
  t.is(describeDsn(dsn.server), 'env:3306')
  const file = await settingsOf({ env: { SERA_SERVER_FILE: fileOf('tcp(secret)/') } })
  t.is(describeDsn(file.server), 'secret:3306')
})

test('a source that names the server in two ways is refused', async t => {
  const both = await t.throwsAsync(resolve({ env: { SERA_SERVER: server, SERA_SERVER_FILE: '/x' } }), {
    instanceOf: SeraError,
    message: /^SERA_SERVER and SERA_SERVER_FILE each name the server/,
  })
  t.is(both.kind, 'config')
  await t.throwsAsync(resolve({ file: { server, servers: [server] } }), {
    message: /server and .*servers each name the server/,
  })
})

test('several servers imply engine lease', async t => {
  const servers = ['tcp(a)/', 'tcp(b)/']
  const { settings, warnings } = await resolve({ file: { servers } })
  t.deepEqual(settings.servers.map(describeDsn), ['a:3306', 'b:3306'])
  t.deepEqual([describeDsn(settings.server), settings.engine, warnings], ['a:3306', 'lease', []])
  t.is((await settingsOf({ file: { servers, engine: 'auto' } })).engine, 'lease')
  t.is((await settingsOf({ file: { servers: ['tcp(a)/'] } })).engine, 'auto')
  t.is(describeDsn((await settingsOf({ env: { SERA_SERVERS: 'tcp(c)/ tcp(d)/' } })).server), 'c:3306')
})

test('several servers are refused with get_lock, and with embedded among them', async t => {
  const servers = ['tcp(a)/', 'tcp(b)/']
  const error = await t.throwsAsync<SeraError>(resolve({ file: { servers, engine: 'get_lock' } }))
  t.is(error?.kind, 'config')
  t.regex(
    error?.message ?? '',
    /servers names several servers, and .*engine is get_lock, which locks on one server only/,
  )
  await t.throwsAsync(resolve({ file: { servers: ['tcp(a)/', 'embedded'] } }), {
    message: /embedded cannot be one of several servers/,
  })
  t.is((await settingsOf({ file: { servers: ['embedded'] } })).server.address.net, 'embedded')
})

test('a password on the command line gives a warning, elsewhere not', async t => {
  t.regex((await resolve({ flags: { server } })).warnings.join(), /visible in ps/)
  t.deepEqual((await resolve({ flags: { server: 'u@tcp(db)/' } })).warnings, [])
  t.deepEqual((await resolve({ env: { SERA_SERVER: server } })).warnings, [])
})

test('the warnings of the config file are passed on', async t => {
  t.regex((await resolve({ file: { server, graze: 1 } })).warnings.join(), /unknown key "graze"/)
})
