import test from 'ava'
import fc from 'fast-check'
import { maskWith } from '../../src/masking/mask.js'

const mask = maskWith()

/** Each word that has SECRET in it, as others see it. */
const HIDDEN: readonly [typed: readonly string[], seen: readonly string[]][] = [
  [
    ['job', '--password=SECRET'],
    ['job', '--password=***'],
  ],
  [
    ['job', '--db-password=SECRET with blanks'],
    ['job', '--db-password=***'],
  ],
  [
    ['job', '--Token', 'SECRET', 'more'],
    ['job', '--Token', '***', 'more'],
  ],
  [
    ['job', '--api-key', 'SECRET'],
    ['job', '--api-key', '***'],
  ],
  [
    ['java', '-Ddb.password=SECRET'],
    ['java', '-Ddb.password=***'],
  ],
  [
    ['env', 'PGPASSWORD=SECRET', 'psql'],
    ['env', 'PGPASSWORD=***', 'psql'],
  ],
  [
    ['env', 'MYSQL_PWD=SECRET it is', 'mysql'],
    ['env', 'MYSQL_PWD=***', 'mysql'],
  ],
  [
    ['mysqldump', '-uroot', '-pSECRET', 'shop'],
    ['mysqldump', '-uroot', '-p***', 'shop'],
  ],
  [
    ['nice', '/opt/bin/mariadb-dump', '-pSECRET'],
    ['nice', '/opt/bin/mariadb-dump', '-p***'],
  ],
  [
    ['ssh', 'db', 'mysql', '-pSECRET'],
    ['ssh', 'db', 'mysql', '-p***'],
  ],
  [
    ['curl', 'https://bob:SECRET@example.org/x'],
    ['curl', 'https://bob:***@example.org/x'],
  ],
  [
    ['curl', 'https://:SECRET@a@example.org'],
    ['curl', 'https://:***@example.org'],
  ],
  [
    ['curl', '-u', 'bob:SECRET', 'x'],
    ['curl', '-u', 'bob:***', 'x'],
  ],
  [
    ['curl', '-H', 'Authorization: Bearer SECRET'],
    ['curl', '-H', 'Authorization: ***'],
  ],
  [
    ['curl', '-H', 'X-Api-Key: SECRET'],
    ['curl', '-H', 'X-Api-Key: ***'],
  ],
  [
    ['curl', '-d', '{"user":"a","password": "SECRET\\"SECRET"}'],
    ['curl', '-d', '{"user":"a","password": ***}'],
  ],
  [
    ['migrate', '--dsn=bob:SECRET@tcp(db:3306)/shop'],
    ['migrate', '--dsn=bob:***@tcp(db:3306)/shop'],
  ],
  [
    ['sh', '-c', 'mysql -u root -pSECRET shop | gzip'],
    ['sh', '-c', 'mysql -u root -p*** shop | gzip'],
  ],
  [
    ['bash', '-lc', "PGPASSWORD='SECRET a' psql; TOKEN=SECRET x"],
    ['bash', '-lc', 'PGPASSWORD=*** psql; TOKEN=*** x'],
  ],
  [
    ['sh', '-c', 'job --password "SECRET b" && job --token=SECRET'],
    ['sh', '-c', 'job --password *** && job --token=***'],
  ],
  [
    ['sh', '-c', "PASSWORD='SECRET"],
    ['sh', '-c', 'PASSWORD=***'],
  ],
  [['mysqldump -pSECRET shop'], ['mysqldump -p*** shop']],
  [
    ['watch', 'mysql -pSECRET -e x'],
    ['watch', 'mysql -p*** -e x'],
  ],
]

for (const [typed, seen] of HIDDEN) {
  test(`the password is hidden: ${typed.join(' ')}`, t => {
    t.deepEqual(mask(typed), seen)
    t.false(mask(typed).join(' ').includes('SECRET'))
  })
}

test('what only resembles a password stays', t => {
  for (const words of [
    ['ls', '-ltra'],
    ['mysqldump', '-P3306', '-p', 'shop'],
    ['rsync', '-pr', 'a', 'b'],
    ['ssh', '-p22', 'db'],
    ['job', '--password-file=/etc/job.key', '--tokens=5'],
    ['job', '--password', '--verbose'],
    ['curl', 'https://example.org:8080/a@b', 'git@example.org:a/b'],
    ['curl', '-u', 'bob'],
    ['sh', '-c', 'echo "$PASSWORD" | job --password-stdin'],
    ['make', 'compass=1'],
  ])
    t.deepEqual(mask(words), words)
})

test('a pattern hides its first group, or the whole match, across words too', t => {
  const hides = (pattern: string, ...words: string[]) => maskWith([new RegExp(pattern, 'dg')])(words).join(' ')
  t.is(hides('redis-cli -a (\\S+)', 'redis-cli', '-a', 'abc', 'get', 'abc'), 'redis-cli -a *** get abc')
  t.is(hides('k(a)', 'aka', 'ka'), 'ak*** k***')
  t.is(hides('b c', 'ab', 'cd'), 'a*** ***d')
  t.is(hides('x*', 'axb', 'c'), 'a***b c')
  t.is(hides('(no)?body', 'body'), '***')
})

test('there are as many words as before, whatever they are', t => {
  const harmless = fc.array(fc.stringMatching(/^[a-z/.,_ -]{0,12}$/))
  fc.assert(fc.property(harmless, words => mask(words).length === words.length))
  fc.assert(fc.property(fc.array(fc.string()), words => maskWith([/./dg])(words).length === words.length))
  t.pass()
})

test('a long line takes no longer than its length asks for', t => {
  const timed = (work: () => unknown) => {
    const startedAt = process.cpuUsage().user
    work()
    return process.cpuUsage().user - startedAt
  }
  for (const piece of ['a.', 'mysql ', '=a:', 'a:', '-password', "'", '"password" ', 'http://a:', 'curl -u ']) {
    const [short, long] = [2000, 32_000].map(length => timed(() => mask([piece.repeat(length)]))) as [number, number]
    t.true(long < 2_000_000 + 100 * short, `${piece}: ${short} and ${long} µs`)
  }
})
