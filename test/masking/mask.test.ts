import test from 'ava'
import fc from 'fast-check'
import { maskWith } from '../../src/masking/mask.js'

const mask = maskWith()

/** Command lines with the password HUNTER, and how others see them. The password itself does not look like one. */
const HIDDEN: readonly [typed: readonly string[], seen: readonly string[]][] = [
  [
    ['job', '--password=HUNTER'],
    ['job', '--password=***'],
  ],
  [
    ['job', '--db-password=HUNTER with blanks'],
    ['job', '--db-password=***'],
  ],
  [
    ['job', '--Token', 'HUNTER', 'more'],
    ['job', '--Token', '***', 'more'],
  ],
  [
    ['job', '--api-key', 'HUNTER'],
    ['job', '--api-key', '***'],
  ],
  [
    ['java', '-Ddb.password=HUNTER'],
    ['java', '-Ddb.password=***'],
  ],
  [
    ['env', 'PGPASSWORD=HUNTER', 'psql'],
    ['env', 'PGPASSWORD=***', 'psql'],
  ],
  [
    ['env', 'MYSQL_PWD=HUNTER it is', 'mysql'],
    ['env', 'MYSQL_PWD=***', 'mysql'],
  ],
  [
    ['mysqldump', '-uroot', '-pHUNTER', 'shop'],
    ['mysqldump', '-uroot', '-p***', 'shop'],
  ],
  [
    ['nice', '/opt/bin/mariadb-dump', '-pHUNTER'],
    ['nice', '/opt/bin/mariadb-dump', '-p***'],
  ],
  [
    ['ssh', 'db', 'mysql', '-pHUNTER'],
    ['ssh', 'db', 'mysql', '-p***'],
  ],
  [
    ['curl', 'https://bob:HUNTER@example.org/x'],
    ['curl', 'https://bob:***@example.org/x'],
  ],
  [
    ['curl', 'https://:HUNTER@a@example.org'],
    ['curl', 'https://:***@example.org'],
  ],
  [
    ['curl', '-u', 'bob:HUNTER', 'x'],
    ['curl', '-u', 'bob:***', 'x'],
  ],
  [
    ['curl', '-H', 'Authorization: Bearer HUNTER'],
    ['curl', '-H', 'Authorization: ***'],
  ],
  [
    ['curl', '-H', 'X-Api-Key: HUNTER'],
    ['curl', '-H', 'X-Api-Key: ***'],
  ],
  [
    ['curl', '-d', '{"user":"a","password": "HUNTER\\"HUNTER"}'],
    ['curl', '-d', '{"user":"a","password": ***}'],
  ],
  [
    ['migrate', '--dsn=bob:HUNTER@tcp(db:3306)/shop'],
    ['migrate', '--dsn=bob:***@tcp(db:3306)/shop'],
  ],
  [
    ['sh', '-c', 'mysql -u root -pHUNTER shop | gzip'],
    ['sh', '-c', 'mysql -u root -p*** shop | gzip'],
  ],
  [
    ['bash', '-lc', "PGPASSWORD='HUNTER a' psql; TOKEN=HUNTER x"],
    ['bash', '-lc', 'PGPASSWORD=*** psql; TOKEN=*** x'],
  ],
  [
    ['sh', '-c', 'job --password "HUNTER b" && job --token=HUNTER'],
    ['sh', '-c', 'job --password *** && job --token=***'],
  ],
  [
    ['sh', '-c', "PASSWORD='HUNTER"],
    ['sh', '-c', 'PASSWORD=***'],
  ],
  [
    ['job', '--client-secret=HUNTER'],
    ['job', '--client-secret=***'],
  ],
  [
    ['job', '--credentials', 'HUNTER'],
    ['job', '--credentials', '***'],
  ],
  [
    ['env', 'DB_PWD=HUNTER', 'job'],
    ['env', 'DB_PWD=***', 'job'],
  ],
  [
    ['http', 'Authorization: Bearer HUNTER'],
    ['http', 'Authorization: ***'],
  ],
  [
    ['mycli', '-pHUNTER'],
    ['mycli', '-p***'],
  ],
  [
    ['mytop', '-pHUNTER'],
    ['mytop', '-p***'],
  ],
  [
    ['xtrabackup', '-pHUNTER'],
    ['xtrabackup', '-p***'],
  ],
  [['mysqldump -pHUNTER shop'], ['mysqldump -p*** shop']],
  [
    ['watch', 'mysql -pHUNTER -e x'],
    ['watch', 'mysql -p*** -e x'],
  ],
]

for (const [typed, seen] of HIDDEN) {
  test(`the password is hidden: ${typed.join(' ')}`, t => {
    t.deepEqual(mask(typed), seen)
    t.false(mask(typed).join(' ').includes('HUNTER'))
  })
}

test('text that only resembles a password is not hidden', t => {
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

test('a pattern hides its first group or the whole match, even across words', t => {
  const hides = (pattern: string, ...words: string[]) => maskWith([new RegExp(pattern, 'dg')])(words).join(' ')
  t.is(hides('redis-cli -a (\\S+)', 'redis-cli', '-a', 'abc', 'get', 'abc'), 'redis-cli -a *** get abc')
  t.is(hides('k(a)', 'aka', 'ka'), 'ak*** k***')
  t.is(hides('b c', 'ab', 'cd'), 'a*** ***d')
  t.is(hides('x*', 'axb', 'c'), 'a***b c')
  t.is(hides('(no)?body', 'body'), '***')
})

test('masking keeps the number of words', t => {
  const harmless = fc.array(fc.stringMatching(/^[a-z/.,_ -]{0,12}$/))
  fc.assert(fc.property(harmless, words => mask(words).length === words.length))
  fc.assert(fc.property(fc.array(fc.string()), words => maskWith([/./dg])(words).length === words.length))
  t.pass()
})

test('masking a long line takes linear time', t => {
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
