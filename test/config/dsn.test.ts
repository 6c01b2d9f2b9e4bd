import test from 'ava'
import fc from 'fast-check'
import { type Dsn, describeDsn, parseDsn } from '../../src/config/dsn.js'
import { SeraError } from '../../src/errors.js'
import { formatDsn } from './format-dsn.js'

const plain: Dsn = {
  user: '',
  password: '',
  address: { net: 'tcp', host: '127.0.0.1', port: 3306 },
  database: undefined,
  connectTimeoutMs: 10_000,
  readTimeoutMs: 0,
  writeTimeoutMs: 0,
  tls: { mode: 'off' },
  allowCleartextPasswords: false,
  charset: undefined,
  collation: undefined,
  ignored: [],
}
const tcp = (host: string, port = 3306) => ({ net: 'tcp' as const, host, port })
const unix = (path: string) => ({ net: 'unix' as const, path })

const read: Array<[text: string, dsn: Partial<Dsn>]> = [
  ['sera:secret@tcp(127.0.0.1:3306)/?timeout=500ms', { user: 'sera', password: 'secret', connectTimeoutMs: 500 }],
  ['/', {}],
  ['/sera', { database: 'sera' }],
  ['@/', {}],
  ['u@/', { user: 'u' }],
  ['u:@/', { user: 'u' }],
  ['u:p@/', { user: 'u', password: 'p' }],
  ['tcp/', {}],
  ['tcp()/', {}],
  ['unix/', { address: unix('/tmp/mysql.sock') }],
  ['unix()/', { address: unix('/tmp/mysql.sock') }],
  [
    'u:p@unix(/run/mysqld/mysqld.sock)/sera',
    { user: 'u', password: 'p', address: unix('/run/mysqld/mysqld.sock'), database: 'sera' },
  ],
  ['(db)/', { address: tcp('db') }],
  ['tcp(db)/', { address: tcp('db') }],
  ['tcp(:3307)/', { address: tcp('127.0.0.1', 3307) }],
  ['tcp(db.example.com:3307)/', { address: tcp('db.example.com', 3307) }],
  ['tcp([::1]:3306)/', { address: tcp('::1') }],
  ['tcp([::1])/', { address: tcp('::1') }],
  ['tcp(::1)/', { address: tcp('::1') }],
  ['tcp([fe80::1%25eth0]:3306)/', { address: tcp('fe80::1%25eth0') }],
  ['u:p@ss:w/o(r)d?&@@tcp(db)/sera', { user: 'u', password: 'p@ss:w/o(r)d?&@', address: tcp('db'), database: 'sera' }],
  ['u:p%40@tcp(db)/', { user: 'u', password: 'p%40', address: tcp('db') }],
  ['tcp(db)/a%2Fb%40c', { address: tcp('db'), database: 'a/b@c' }],
  ['/?readTimeout=1m30s&writeTimeout=1.5h', { readTimeoutMs: 90_000, writeTimeoutMs: 5_400_000 }],
  ['/?timeout=0', {}],
  ['/?timeout=1us', { connectTimeoutMs: 1 }],
  ['/?timeout=5s&timeout=7s', { connectTimeoutMs: 7000 }],
  ['/?tls=true', { tls: { mode: 'verify' } }],
  ['/?tls=Preferred', { tls: { mode: 'preferred' } }],
  ['/?tls=skip-verify', { tls: { mode: 'skip-verify' } }],
  ['/?tls=0', {}],
  ['/?tls-ca=%2Fetc%2Fca.pem', { tls: { mode: 'verify', ca: '/etc/ca.pem' } }],
  ['/?tls=skip-verify&tls-cert=c&tls-key=k', { tls: { mode: 'skip-verify', cert: 'c', key: 'k' } }],
  ['/?charset=utf8mb4,utf8&collation=utf8mb4_bin', { charset: 'utf8mb4,utf8', collation: 'utf8mb4_bin' }],
  ['/?parseTime=true&serverPubKey=secret&tls&&', { ignored: ['parseTime', 'serverPubKey', 'tls'] }],
  ['/?constructor=1&Timeout=1s', { ignored: ['constructor', 'Timeout'] }],
  ['tcp4(db:3307)/', { address: { ...tcp('db', 3307), family: 4 } }],
  ['tcp4(127.0.0.1)/', { address: { ...tcp('127.0.0.1'), family: 4 } }],
  ['tcp6([::1]:3307)/', { address: { ...tcp('::1', 3307), family: 6 } }],
  ['/?allowCleartextPasswords=true', { allowCleartextPasswords: true }],
  ['/?allowCleartextPasswords=1', { allowCleartextPasswords: true }],
  ['/?allowCleartextPasswords=False', {}],
  ['/?charset=utf8mb3', { charset: 'utf8mb3' }],
  ['/?charset=nosuch,utf8', { charset: 'nosuch,utf8' }],
  ['mariadb://u:p@db:3307/sera', { user: 'u', password: 'p', address: tcp('db', 3307), database: 'sera' }],
  ['mysql://db', { address: tcp('db') }],
  ['mysql://u:p%40%2F%3A@db:3307/sera', { user: 'u', password: 'p@/:', address: tcp('db', 3307), database: 'sera' }],
  ['MySQL://u@[::1]:3307/', { user: 'u', address: tcp('::1', 3307) }],
  ['mysql://u@[fe80::1%25eth0]/', { user: 'u', address: tcp('fe80::1%eth0') }],
  [
    'mysql://db/sera?timeout=2s&tls-ca=/etc/ca.pem',
    { address: tcp('db'), database: 'sera', connectTimeoutMs: 2000, tls: { mode: 'verify', ca: '/etc/ca.pem' } },
  ],
  ['mysql://db/sera?ssl-mode=REQUIRED', { address: tcp('db'), database: 'sera', tls: { mode: 'skip-verify' } }],
  ['embedded', { address: { net: 'embedded' } }],
]

for (const [text, dsn] of read) {
  test(`'${text}' is read`, t => t.deepEqual(parseDsn(text), { ...plain, ...dsn }))
}

const refused: Array<[text: string, message: RegExp]> = [
  ['', /is empty/],
  ['db', /a \/ must follow the address/],
  ['sera:secret@tcp(db:3306)', /a \/ must follow the address/],
  ['sera:se/cret@tcp(db:3306)', /a \/ must follow the address/],
  ['sera:secret@unix(/run/mysqld.sock)', /must end with/],
  ['u:p@/y?z=w@tcp(db)', /a \/ must follow the address/],
  ['u:p@/y?z@tcp(db)', /a \/ must follow the address/],
  ['u:p@/y?z@db', /the name of a parameter/],
  ['u:p@localhost:3306/sera', /must be tcp, tcp4, tcp6 or unix/],
  ['u:p@udp(db)/sera', /must be tcp, tcp4, tcp6 or unix/],
  ['tcp4/', /tcp4 must have a host/],
  ['tcp6(:3306)/', /tcp6 must have a host/],
  ['tcp4([::1]:3306)/', /tcp4 needs an IPv/],
  ['tcp6(127.0.0.1)/', /tcp6 needs an IPv/],
  ['/?allowCleartextPasswords=yes', /allowCleartextPasswords must be true or false/],
  ['mariadb://u:p@ss@db/sera', /a URL must read/],
  ['Embedded', /a \/ must follow the address/],
  ['postgres://u:p@db/sera', /must be tcp, tcp4, tcp6 or unix/],
  ['tcp(db/', /must end with/],
  ['u@tcp(db)/sera?tls-ca=/etc/ca.pem', /%2F/],
  ['u@/sera?tls-ca=/etc/ca.pem', /%2F/],
  ['tcp(db:)/', /port must be/],
  ['tcp(db:0)/', /port must be/],
  ['tcp(db:65536)/', /port must be/],
  ['tcp(db:3306x)/', /port must be/],
  ['tcp([db]:3306)/', /address must be/],
  ['tcp(1:2:3)/', /address must be/],
  ['tcp(a b)/', /address must be/],
  ['tcp(db)/%zz', /database name/],
  ['tcp(db)/%00', /NUL/],
  ['u:p\0@tcp(db)/', /NUL/],
  ['mysql://u:p%00@db/', /NUL/],
  ['/?timeout=5', /timeout must be a duration with a unit/],
  ['/?readTimeout=-5s', /readTimeout must be/],
  ['/?writeTimeout=', /writeTimeout must be/],
  ['/?timeout=99999999999999999999h', /timeout is too long/],
  ['/?tls=custom', /tls must be/],
  ['/?tls=', /tls must be/],
  ['/?tls-ca=', /tls-ca must name/],
  ['/?tls-cert=c', /need each other/],
  ['/?tls=false&tls-ca=c', /contradicts/],
  ["/?charset=utf8';drop", /charset must be/],
  ['/?collation=a+b', /collation must be/],
  ['/?charset=%ff', /charset is not percent-encoded/],
  ['mysql://', /a URL must read/],
  ['mysql:///sera', /a URL must read/],
  ['mysql://u:p@ss@db/sera', /a URL must read/],
  ['mysql://u:p/ss@db/sera', /a URL must read/],
  ['mysql://u:p#ss@db/sera', /a URL must read/],
  ['mysql://db/a/b', /a URL must read/],
  ['mysql://u:100%@db/', /percent-encoded/],
  ['mysql://db/?ssl-mode=constructor', /ssl-mode must be/],
  ['mysql://db/?sslmode=DISABLED&tls-ca=c', /contradicts/],
]

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is refused with the reason`, t => {
    const error = t.throws(() => parseDsn(text), { instanceOf: SeraError, message })
    t.is(error.kind, 'config')
    t.notRegex(error.message, /[\n\r]/)
    t.is(error.cause, undefined)
  })
}

const described: Array<[text: string, address: string, shown: string]> = [
  ['sera:secret@tcp(db:3306)/', 'db:3306', 'sera:***@tcp(db:3306)/'],
  ['mysql://sera:secret@[::1]/a%2Fb?tls=true', '[::1]:3306', 'sera:***@tcp([::1]:3306)/a%2Fb?tls=true'],
  [
    'u:p@tcp6([::1]:3306)/?allowCleartextPasswords=1',
    '[::1]:3306',
    'u:***@tcp6([::1]:3306)/?allowCleartextPasswords=true',
  ],
  ['u@unix(/run/x.sock)/?timeout=2s&parseTime=1', 'unix:/run/x.sock', 'u@unix(/run/x.sock)/?timeout=2000ms'],
  ['embedded', 'embedded', 'embedded'],
  ['/', '127.0.0.1:3306', 'tcp(127.0.0.1:3306)/'],
]

for (const [text, address, shown] of described) {
  test(`'${text}' is described as ${address} and shown as '${shown}'`, t => {
    t.is(describeDsn(parseDsn(text)), address)
    t.is(formatDsn(parseDsn(text)), shown)
  })
}

test('each call returns a new object for the embedded server', t => {
  parseDsn('embedded').tls.mode = 'verify'
  t.is(parseDsn('embedded').tls.mode, 'off')
})

const anyText = fc.string({ unit: 'grapheme' })
const word = fc.string({ minLength: 1, unit: fc.constantFrom(...'abcXYZ019_') })

test('any password works unescaped in a DSN and percent-encoded in a URL (property)', t => {
  fc.assert(
    fc.property(word, anyText, (user, password) => {
      t.is(parseDsn(`${user}:${password}@tcp(db)/sera`).password, password)
      t.is(parseDsn(`mysql://${user}:${encodeURIComponent(password)}@db/sera`).password, password)
    }),
  )
})

const duration = fc.nat({ max: 1e9 })
const anyDsn: fc.Arbitrary<Dsn> = fc.record({
  user: word,
  password: anyText.map(password => password && '***'),
  address: fc.oneof(
    fc.record({
      net: fc.constant('tcp' as const),
      host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
      port: fc.integer({ min: 1, max: 65_535 }),
    }),
    fc.record({
      net: fc.constant('tcp' as const),
      host: fc.domain(),
      port: fc.integer({ min: 1, max: 65_535 }),
      family: fc.constantFrom(4 as const, 6 as const),
    }),
    word.map(name => unix(`/run/${name}.sock`)),
  ),
  database: fc.option(fc.string({ minLength: 1, unit: 'grapheme' }), { nil: undefined }),
  connectTimeoutMs: fc.integer({ min: 1, max: 1e9 }),
  readTimeoutMs: duration,
  writeTimeoutMs: duration,
  tls: fc.oneof(
    fc.constantFrom('off', 'preferred', 'skip-verify', 'verify').map(mode => ({ mode }) as Dsn['tls']),
    fc.record({ mode: fc.constant('verify' as const), ca: fc.string({ minLength: 1 }) }),
  ),
  allowCleartextPasswords: fc.boolean(),
  charset: fc.option(word, { nil: undefined }),
  collation: fc.option(word, { nil: undefined }),
  ignored: fc.constant([]),
})

test('a shown DSN can be read again, except for its password (property)', t => {
  fc.assert(fc.property(anyDsn, dsn => t.deepEqual(parseDsn(formatDsn(dsn)), dsn)))
})

/** No message has these characters, so a hit is a leak and not a coincidence. */
const secret = fc.string({
  minLength: 1,
  maxLength: 6,
  unit: fc.constantFrom(...'§¶ØÞß', '@', '/', ':', '?', '(', ')', '&', '=', '%'),
})
const pieces = [
  'tcp',
  'unix(/run/x)',
  '(db:3306)',
  '/sera',
  '@',
  ':',
  '?tls=',
  '&timeout=',
  'mysql://',
  '/',
  '?',
  '=',
  '%zz',
  '[::1]',
  '#',
]

test('a broken DSN gives a SeraError of one line that has nothing of the password in it', t => {
  let refusals = 0
  const soup = fc.array(fc.oneof({ arbitrary: fc.constantFrom(...pieces), weight: 2 }, secret), { maxLength: 8 })
  fc.assert(
    fc.property(soup, words => {
      try {
        parseDsn(words.join(''))
      } catch (error) {
        refusals++
        t.true(error instanceof SeraError)
        t.notRegex(String((error as Error).stack), /[§¶ØÞß]/)
      }
    }),
    { numRuns: 2000 },
  )
  t.true(refusals > 500)
})

test('what is shown of a DSN, broken or not, never has the password in it', t => {
  fc.assert(
    fc.property(word, secret, (user, password) => {
      const dsn = parseDsn(`${user}:${password}@tcp(db)/sera?x=${encodeURIComponent(password)}`)
      t.notRegex(`${describeDsn(dsn)} ${dsn.ignored.join(' ')}`, /[§¶ØÞß]/)
    }),
  )
})

test('no text makes the parser throw anything but a SeraError', t => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...pieces)).map(words => words.join('')),
  )
  fc.assert(
    fc.property(text, value => {
      try {
        parseDsn(value)
        return true
      } catch (error) {
        return error instanceof SeraError
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
