import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { isMissing, readConfigFile, readServerFile } from '../../src/config/file.js'
import { SeraError } from '../../src/errors.js'

const directory = mkdtempSync(join(tmpdir(), 'sera-config-'))
test.after.always(() => rmSync(directory, { recursive: true }))

let files = 0
function fileOf(content: string | Uint8Array): string {
  const file = join(directory, `sera-${files++}.json`)
  writeFileSync(file, content)
  return file
}
const readJson = (json: unknown) => readConfigFile(fileOf(JSON.stringify(json)))

test('the example config loads without a warning', async t => {
  const { values, warnings } = await readConfigFile('etc/sera.json.example')
  t.deepEqual(warnings, [])
  t.like(values, {
    server: { user: 'sera', password: 'secret', connectTimeoutMs: 500, database: undefined },
    syslog: { address: 'unix:/dev/log', facility: 'user', tag: 'sera' },
    verbose: 'stderr',
  })
  t.regex(readFileSync('etc/sera.json.example', 'utf8'), /"sera:secret@tcp\(127\.0\.0\.1:3306\)\/\?timeout=500ms"/)
})

test('every key is read, with its type', async t => {
  const { values, warnings } = await readJson({
    server: 'embedded',
    serverFile: '/run/secrets/dsn',
    servers: ['tcp(a)/', 'tcp(b)/'],
    engine: 'lease',
    lease: 90,
    grace: '2.5s',
    namespace: 'staging',
    onLost: 'terminate',
    syslog: { address: 'udp://log', facility: 'local7', tag: 'x' },
    verbose: 'stderr',
    audit: true,
    history: '30d',
    allowMultiPrimary: true,
    connectWait: 0,
    maxClockSkew: '30s',
    mask: ['a b', 'c'],
  })
  t.deepEqual(warnings, [])
  t.is(values.servers?.length, 2)
  const { server: _, servers: __, ...rest } = values
  t.deepEqual(rest, {
    serverFile: '/run/secrets/dsn',
    engine: 'lease',
    lease: 90_000,
    grace: 2500,
    namespace: 'staging',
    onLost: 'terminate',
    syslog: { address: 'udp://log:514', facility: 'local7', tag: 'x' },
    verbose: 'stderr',
    audit: true,
    history: 30 * 86_400_000,
    allowMultiPrimary: true,
    connectWait: 0,
    maxClockSkew: 30_000,
    mask: [/a b/dg, /c/dg],
  })
})

const wrong: Array<[key: string, value: unknown, message: RegExp]> = [
  ['server', 5, /server: expected a DSN, got a number$/],
  ['server', '', /server: invalid DSN: it is empty$/],
  ['server', 'db', /server: invalid DSN: a \/ must follow/],
  ['server', ['embedded'], /server: expected a DSN, got a list$/],
  ['serverFile', '', /serverFile: expected the path of a file, got ""$/],
  ['serverFile', '/x\0y', /serverFile: it contains a NUL character$/],
  ['servers', 'embedded', /servers: expected a list of DSNs, got a string$/],
  ['servers', [], /servers: expected a list of DSNs, got an empty one$/],
  ['servers', [{}], /servers: expected a DSN, got an object$/],
  ['engine', 'galera', /engine: expected "auto", "get_lock" or "lease", got "galera"$/],
  ['lease', '', /lease: expected seconds or a duration like 90s, 5m, 1h30m, got ""$/],
  ['lease', -1, /lease: expected seconds .*, got -1$/],
  ['lease', true, /lease: expected seconds .*, got true$/],
  ['grace', '5 minutes', /grace: expected seconds .*, got "5 minutes"$/],
  ['connectWait', [1], /connectWait: expected seconds .*, got a list$/],
  ['maxClockSkew', {}, /maxClockSkew: expected seconds .*, got an object$/],
  ['mask', 'x', /mask: expected a list of regular expressions, got "x"$/],
  ['mask', ['a', 7], /mask: pattern 2 is not text, or is empty$/],
  ['mask', ['(hunter2'], /mask: pattern 1 is not a regular expression: [^(]+$/],
  ['namespace', '', /namespace: expected a name, got ""$/],
  ['namespace', 7, /namespace: expected a name, got 7$/],
  ['namespace', 'a\0', /namespace: it contains a NUL character$/],
  ['onLost', 'panic', /onLost: expected "reclaim", "terminate" or "ignore", got "panic"$/],
  ['onLost', 'u:p@db', /onLost: expected .*, got a string$/],
  ['onLost', 'x'.repeat(99), /got "x{59}…$/],
  ['verbose', 'yes', /verbose: expected true, false, "stdout" or "stderr", got "yes"$/],
  ['verbose', 1, /verbose: expected .*, got 1$/],
  ['audit', 'true', /audit: expected true or false, got "true"$/],
  ['history', 1, /history: expected true, false, or for how long, such as "30d", got 1$/],
  ['history', '30', /history: expected true, false, .*, got "30"$/],
  ['history', '0d', /history: expected .*, got "0d"$/],
  ['history', 'true', /history: expected .*, got "true"$/],
  ['allowMultiPrimary', 0, /allowMultiPrimary: expected true or false, got 0$/],
  ['syslog', 1, /syslog: expected true, false, an address, or an object .*, got 1$/],
  ['syslog', [], /syslog: expected .*, got a list$/],
  ['syslog', 'http://x', /syslog: expected unix:\/path.*, got "http:\/\/x"$/],
  ['syslog', { address: 5 }, /syslog: address: expected unix:\/path.*, got 5$/],
  ['syslog', { address: 'udp://x:0' }, /syslog: address: expected/],
  ['syslog', { address: 'tcp://x:65536' }, /syslog: address: expected/],
  ['syslog', { address: 'unix:' }, /syslog: address: expected/],
  ['syslog', { address: '/\0' }, /syslog: it contains a NUL character$/],
  ['syslog', { facility: 'kern' }, /syslog: facility: expected "user", .* or "local7", got "kern"$/],
  ['syslog', { tag: 'two words' }, /syslog: tag: expected 1 to 32 letters/],
  ['syslog', { tag: '' }, /syslog: tag: expected 1 to 32 letters/],
]

for (const [key, value, message] of wrong) {
  test(`${key} may not be ${JSON.stringify(value)}`, async t => {
    const file = fileOf(JSON.stringify({ [key]: value }))
    const error = await t.throwsAsync(readConfigFile(file), { instanceOf: SeraError, message })
    t.true(error.message.startsWith(`${file}: ${key}: `))
    t.is(error.kind, 'config')
  })
}

const addresses: Array<[given: string, read: string]> = [
  ['/dev/log', 'unix:/dev/log'],
  ['unix:/run/log', 'unix:/run/log'],
  ['udp://log.example.com', 'udp://log.example.com:514'],
  ['tcp://10.0.0.1:1514', 'tcp://10.0.0.1:1514'],
  ['udp://[::1]', 'udp://[::1]:514'],
]

for (const [given, address] of addresses) {
  test(`the syslog address ${given} means ${address}, alone and in an object`, async t => {
    t.like((await readJson({ syslog: given })).values, { syslog: { address, facility: 'user', tag: 'sera' } })
    t.like((await readJson({ syslog: { address: given, tag: null } })).values, { syslog: { address, tag: 'sera' } })
  })
}

test('false turns syslog off, and null counts as absent', async t => {
  const { values } = await readJson({ syslog: false, verbose: false, lease: null })
  t.deepEqual(values, { syslog: false, verbose: false })
})

test('an unknown key gives a warning with the nearest known key', async t => {
  const file = fileOf('{"sever": "x", "colour": 1, "alowMultPrimry": 5, "__proto__": 1, "syslog": {"adress": "x"}}')
  const { values, warnings } = await readConfigFile(file)
  t.deepEqual(Object.keys(values), ['syslog'])
  t.deepEqual(warnings, [
    `${file}: unknown key "sever", did you mean "server"?`,
    `${file}: unknown key "colour"`,
    `${file}: unknown key "alowMultPrimry"`,
    `${file}: unknown key "__proto__"`,
    `${file}: syslog: unknown key "adress", did you mean "address"?`,
  ])
})

test('keys match without regard to case, as in the original', async t => {
  const { values, warnings } = await readJson({ Server: 'embedded', VERBOSE: true })
  t.like(values, { server: { address: { net: 'embedded' } }, verbose: 'stdout' })
  t.deepEqual(warnings, [])
})

test('a relative serverFile is relative to the config file', async t => {
  t.is((await readJson({ serverFile: 'secret/dsn' })).values.serverFile, join(directory, 'secret/dsn'))
})

test('a byte order mark is skipped', async t => {
  t.deepEqual((await readConfigFile(fileOf('\uFEFF{"audit": true}'))).values, { audit: true })
})

const broken: Array<[content: string | Uint8Array, message: RegExp]> = [
  ['', /is not valid JSON: line 1, column 1: value expected$/],
  ['{\n  "server": "u:hunter2@tcp(db)/",\n  lease: 5\n}', /is not valid JSON: line 3, column 3: invalid symbol$/],
  ['{"server": "u:hunter2@tcp(db)/" "lease": 5}', /line 1, column 33: comma expected$/],
  ['{"server": "u:hunter2@tcp(db)/",}', /line 1, column 33: property name expected$/],
  ['{"server": "u:hunter2@tcp(db)/"', /line 1, column \d+: close brace expected$/],
  ['{"server": "u:hunter2\n@tcp(db)/"}', /line 1, column 12: unexpected end of string$/],
  ['{} // comment', /line 1, column 4: invalid comment token$/],
  ['{} {}', /line 1, column 4: end of file expected$/],
  ['{"server": "u:hunter2\t@tcp(db)/"}', /is not valid JSON: line 1, column \d+: invalid character$/],
  ['[]', /must contain a JSON object/],
  ['null', /must contain a JSON object/],
  ['"u:hunter2@tcp(db)/"', /must contain a JSON object/],
  [new Uint8Array([0x7b, 0xff, 0x7d]), /is not UTF-8 text$/],
]

for (const [content, message] of broken) {
  test(`${JSON.stringify(content)} is refused with the position of the error`, async t => {
    const error = await t.throwsAsync(readConfigFile(fileOf(content)), { instanceOf: SeraError, message })
    t.is(error.kind, 'config')
    t.notRegex(String(error.stack), /hunter2/)
  })
}

test('a missing file, a directory and an unreadable file each have their own message', async t => {
  const missing = await t.throwsAsync(readConfigFile(join(directory, 'none.json')), {
    message: /^cannot read .*: there is no such file$/,
  })
  t.true(isMissing(missing))
  mkdirSync(join(directory, 'dir'))
  const isDirectory = await t.throwsAsync(readConfigFile(join(directory, 'dir')), {
    message: /^cannot read .*: it is a directory$/,
  })
  t.false(isMissing(isDirectory))
  const loop = await t.throwsAsync(readConfigFile('/proc/self/mem'), {
    instanceOf: SeraError,
    message: /^cannot read .*: E[A-Z]+$/,
  })
  t.is(loop.kind, 'config')
})

test('a server file contains a DSN, with optional white space around it', t => {
  t.is(readServerFile(fileOf('\uFEFF  u:p w@tcp(db)/sera\r\n')).password, 'p w')
})

test('an empty, broken or missing server file is named in the error', t => {
  for (const [file, reason] of [
    [fileOf(' \n'), 'invalid DSN: it is empty'],
    [fileOf('u:hunter2@db'), 'invalid DSN: a / must follow'],
  ] as const) {
    const error = t.throws(() => readServerFile(file), { instanceOf: SeraError })
    t.true(error.message.startsWith(`${file}: ${reason}`))
    t.notRegex(error.message, /hunter2/)
  }
  t.throws(() => readServerFile(join(directory, 'none')), {
    instanceOf: SeraError,
    message: /^cannot read .*none: there is no such file$/,
  })
})

test('any config file is read, or refused with one line (property)', async t => {
  const keys = ['server', 'servers', 'lease', 'syslog', 'verbose', 'engine', 'serverFile', 'namespace', 'history']
  const json = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()).map(value => JSON.stringify(value))
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, fc.string({ unit: 'binary' })), async content => {
      try {
        await readConfigFile(fileOf(content))
      } catch (error) {
        t.true(error instanceof SeraError)
        t.notRegex((error as SeraError).message, /[\r\n\0]/)
      }
    }),
  )
  t.pass()
})

test('the error for a truncated config file never contains the password (property)', async t => {
  const whole = JSON.stringify({ server: 'u:§§§@tcp(db)/?timeout=1s', syslog: { tag: 'x' }, lease: 5 })
  for (let length = 0; length < whole.length; length++) {
    const error = await t.throwsAsync(readConfigFile(fileOf(whole.slice(0, length))), { instanceOf: SeraError })
    t.notRegex(String(error.stack), /§/)
  }
})
