/** `sera pool` with a fake pool server that also misbehaves, without a database. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onRuntimes } from '../support/each.js'
import { onePool, type PoolServer, poolServer } from '../support/pool-server.js'
import type { Bench } from '../support/sera.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

/** A pool name of this test's own, because runs on one host exclude each other by it. */
const at = ({ url }: PoolServer, bench: Bench, ...flags: string[]) => ['pool', '-H', url, '-r', bench.name, ...flags]
const verbs = ({ asked }: PoolServer) => asked.map(({ verb }) => verb)
/** Short, but longer than a process takes to start on a busy machine. */
const EXPIRES = '8'
const SHORT = ['--grace', '200ms']
const ONE_LINE = /^sera: [^\n]+\n$/

onRuntimes('a command runs under a pool of a Distributex and keeps its output and exit code', async (t, bench) => {
  const server = await poolServer(t, onePool())
  const command = ['sh', '-c', 'echo "$SERA_LOCK,$SERA_TOKEN,$1"; exit 7', 'sh', 'a  b']
  const { code, stdout, stderr } = await bench.sub([...at(server, bench), ...command]).ended()
  t.deepEqual({ code, stdout, stderr }, { code: 7, stdout: `pool/${bench.name},,a  b\n`, stderr: '' })
  t.deepEqual(verbs(server), ['get', 'release'])
  const [get] = server.asked
  t.is(get?.pool, bench.name)
  t.regex(get?.host ?? '', /\w/)
})

onRuntimes('a shell runs one word with blanks, a word without is a program, as in the original', async (t, bench) => {
  const server = await poolServer(t, onePool())
  const flags = ['pool', '-H', '127.0.0.1', '-p', String(server.port), '-r', bench.name]
  t.is((await bench.sub([...flags, 'echo one | tr a-z A-Z; exit 3']).ended()).stdout, 'ONE\n')
  t.deepEqual(await bench.sub([...flags, '--', 'no-such-program;true']).ended(), {
    code: 203,
    stdout: '',
    stderr: 'sera: cannot start no-such-program;true: not found on PATH\n',
  })
  t.is(server.count('release'), 2)
})

onRuntimes('a pool of another host is 204 without a message, or the code of -E; --wait waits', async (t, bench) => {
  const server = await poolServer(t, onePool('60'))
  const holder = await hold(bench, at(server, bench, '--as', 'other')).started()
  t.deepEqual(await bench.sub([...at(server, bench), 'echo', 'ran']).ended(), { code: 204, stdout: '', stderr: '' })
  t.is(await bench.sub([...at(server, bench, '-E', '75', '--wait', '0.2'), 'echo', 'ran']).exited, 75)
  const loud = await bench.sub([...at(server, bench, '--verbose'), 'echo', 'ran']).ended()
  t.is(loud.stderr, `sera: not granted at once; nothing was run (pool/${bench.name}, other hosts hold it)\n`)
  const waits = server.count('wait')
  const next = bench.sub([...at(server, bench, '--wait'), 'echo', 'ran'])
  await until('it waits', () => server.count('wait') > waits)
  t.is(await holder.end(), 0)
  t.deepEqual(await next.ended(), { code: 0, stdout: 'ran\n', stderr: '' })
})

onRuntimes('two commands of one host exclude each other, without help of a Distributex', async (t, bench) => {
  const server = await poolServer(t, onePool())
  const holder = await hold(bench, at(server, bench)).started()
  t.is(await bench.sub([...at(server, bench), 'echo', 'ran']).exited, 204)
  t.is(await bench.sub([...at(server, bench, '--wait', '0.2'), 'echo', 'ran']).exited, 204)
  t.deepEqual(verbs(server), ['get'], 'the server was not asked')
  const next = bench.sub([...at(server, bench, '--wait'), 'echo', 'ran'])
  t.is(await holder.end(), 0)
  t.is((await next.ended()).stdout, 'ran\n')
})

/** A service with PrivateTmp=yes, as systemd starts it. The checkout stays visible, also below /tmp. */
const PRIVATE_TMP = [
  ...['unshare', '-m', 'sh', '-ec'],
  `cd "$1"; shift; mount -t tmpfs tmpfs /tmp; mkdir -p "$PWD"; mount -c --bind /proc/self/cwd "$PWD"
  echo {} >/tmp/sera.json; SERA_CONFIG=/tmp/sera.json exec "$@"`,
  ...['sh', process.cwd()],
]

onRuntimes('commands with and without a private /tmp exclude each other', async (t, bench) => {
  const server = await poolServer(t, onePool())
  const holder = await hold(bench, at(server, bench)).started()
  t.is(await bench.sub([...at(server, bench), 'echo', 'ran'], { prefix: PRIVATE_TMP }).exited, 204)
  t.is(await holder.end(), 0)
  const after = await bench.sub([...at(server, bench), 'echo', 'ran'], { prefix: PRIVATE_TMP }).ended()
  t.deepEqual(after, { code: 0, stdout: 'ran\n', stderr: '' })
})

const OTHER_USER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']

onRuntimes('commands of two users exclude each other', async (t, bench) => {
  const server = await poolServer(t, onePool())
  chmodSync(bench.folder, 0o711)
  const holder = await hold(bench, at(server, bench)).started()
  t.is(await bench.sub([...at(server, bench), '/bin/echo', 'ran'], { prefix: OTHER_USER }).exited, 204)
  t.is(await holder.end(), 0)
  t.is(await bench.sub([...at(server, bench), '/bin/echo', 'ran'], { prefix: OTHER_USER }).exited, 0)
})

onRuntimes('other users cannot use a /run/sera that is closed to them', async (t, bench) => {
  const server = await poolServer(t, onePool())
  chmodSync(bench.folder, 0o711)
  const closed = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir -m 700 /run/sera && exec "$@"', 'sh']
  const other = await bench
    .sub([...at(server, bench), '/bin/echo', 'ran'], { prefix: [...closed, ...OTHER_USER] })
    .ended()
  t.is(other.code, 202)
  t.regex(other.stderr, /^sera: cannot lock \/run\/sera\/sera-\w+\.lock against other commands of this host: EACCES/)
  t.is(await bench.sub([...at(server, bench), '/bin/echo', 'ran'], { prefix: closed }).exited, 0)
})

onRuntimes('a background process of the command does not keep the pool', async (t, bench) => {
  const server = await poolServer(t, onePool())
  t.is(await bench.sub([...at(server, bench), 'sleep 60 >/dev/null 2>&1 &']).exited, 0)
  t.is(await bench.sub([...at(server, bench), 'true']).exited, 0)
})

onRuntimes('TERM ends a wait with 143, no command runs, and the server is informed', async (t, bench) => {
  const server = await poolServer(t, ({ verb }) => (verb === 'wait' ? 'hang' : verb === 'get' ? 'NO' : 'OK'))
  const waiting = bench.sub([...at(server, bench, '--wait'), 'echo', 'ran'])
  await until('it waits', () => server.waiting.size === 1)
  waiting.kill('SIGTERM')
  t.deepEqual(await waiting.ended(), { code: 143, stdout: '', stderr: '' })
  t.deepEqual([server.waiting.size, server.count('release')], [0, 1])
  const behind = await hold(bench, at(await poolServer(t, onePool()), bench)).started()
  const queued = bench.sub([...at(server, bench, '--wait'), 'echo', 'ran'])
  await until('it listens to signals', () => queued.family().length > 0)
  queued.kill('SIGTERM')
  t.is(await queued.exited, 143)
  await behind.end()
})

onRuntimes('the pool of a gateway is renewed while the command runs, and then released', async (t, bench) => {
  const pool = onePool(EXPIRES)
  let runs: () => boolean = () => false
  const early: string[] = []
  const server = await poolServer(t, (asked, response) => {
    if (asked.verb === 'release' && runs()) early.push(asked.verb)
    return pool(asked, response)
  })
  const held = await hold(bench, at(server, bench, ...SHORT)).started()
  runs = () => held.running
  t.is(held.variable('SERA_TOKEN'), '101')
  await until('it has been renewed', () => server.count('renew') >= 4)
  t.is(await held.end(), 0)
  t.deepEqual(early, [])
  t.is(new Set(server.asked.map(({ host, id }) => `${host} ${id}`)).size, 1)
})

onRuntimes('a lost pool ends the command with 206, or not, as --on-lost says', async (t, bench) => {
  const pool = onePool(EXPIRES)
  let lost = false
  const server = await poolServer(t, (asked, response) =>
    lost && asked.verb === 'renew' ? 'NO' : pool(asked, response),
  )
  for (const flags of [[], ['--on-lost', 'terminate']]) {
    lost = false
    const held = await hold(bench, at(server, bench, ...SHORT, ...flags)).started()
    lost = true
    const { code, stderr } = await held.sera.ended()
    t.is(code, 206)
    t.regex(stderr, /^sera: the lock was lost while the command ran, and the command was ended: it expired[^\n]+\n$/)
    t.deepEqual(held.sera.family(), [])
    t.is(server.asked.at(-1)?.verb, 'renew', 'nothing was released')
    await fetch(`${server.url}/release/?host=${server.asked.at(-1)?.host}`)
  }
  lost = false
  const stubborn = await hold(bench, at(server, bench, ...SHORT, '--on-lost', 'ignore')).started()
  lost = true
  const renewals = server.count('renew')
  await until('it is lost', () => server.count('renew') > renewals)
  t.is(await stubborn.end(), 0)
})

onRuntimes(
  'a failing gateway is retried; if it stays away, the command is ended before the pool expires',
  async (t, bench) => {
    const pool = onePool('12')
    let troubles: number | undefined
    const server = await poolServer(t, (asked, response) => {
      if (asked.verb !== 'renew' || troubles === undefined) return pool(asked, response)
      return troubles++ % 2 === 0 ? 'reset' : { status: 503, text: '' }
    })
    const held = await hold(bench, at(server, bench, '--grace', '3s')).started()
    troubles = 0
    await until('it tries again', () => (troubles ?? 0) >= 3)
    troubles = undefined
    const renewals = server.count('renew')
    await until('it has been renewed', () => server.count('renew') > renewals)
    t.true(held.running)
    server.stop()
    const goneAt = performance.now()
    const { code, stderr } = await held.sera.ended()
    t.is(code, 206)
    t.true(performance.now() - goneAt < 12_000, 'before another host can hold it')
    t.regex(stderr, /: the gateway at http:\/\/[\d.:]+ did not confirm the pool in time: connection refused/)
  },
)

onRuntimes('a missing answer does not delay the end of the command', async (t, bench) => {
  const pool = onePool(EXPIRES)
  let mute = false
  const server = await poolServer(t, (asked, response) => (mute ? 'hang' : pool(asked, response)))
  const held = await hold(bench, at(server, bench, ...SHORT)).started()
  mute = true
  const { code, stderr } = await held.sera.ended()
  t.is(code, 206)
  t.regex(stderr, /did not confirm the pool in time: no answer/)
})

onRuntimes('a failed release gives a message, and the exit code is the command’s', async (t, bench) => {
  let troubles = 1
  const server = await poolServer(t, ({ verb }) =>
    verb !== 'release' ? 'YES' : troubles-- > 0 ? { status: 503, text: '' } : 'OK',
  )
  t.is(await bench.sub([...at(server, bench), 'exit 4']).exited, 4)
  t.is(server.count('release'), 2, 'it was retried')
  const silent = await poolServer(t, ({ verb }) => (verb === 'release' ? { status: 403, text: 'go away' } : 'YES'))
  const { code, stderr } = await bench.sub([...at(silent, bench), 'exit 4']).ended()
  t.is(code, 4)
  t.regex(stderr, /^sera: cannot release pool .* at http:\/\/127\.0\.0\.1:\d+: it answered 403: go away\n$/)
})

onRuntimes('killed sera: its command is ended, and only then another command of the host runs', async (t, bench) => {
  const server = await poolServer(t, onePool('60'))
  const held = await hold(bench, at(server, bench, ...SHORT)).started()
  const next = hold(bench, at(server, bench, ...SHORT, '--wait', '--on-lost', 'ignore'))
  held.sera.kill('SIGKILL')
  await until('the command has ended', () => held.sera.family().length === 0)
  await until('the next one asks', () => server.count('get') === 2)
  t.is(server.count('release'), 0)
  next.sera.kill('SIGKILL')
})

onRuntimes('each failure to get the pool is 202 in one line, and no command runs', async (t, bench) => {
  const server = await poolServer(t, () => 'INVALID')
  const strange = await poolServer(t, () => '<html>hello</html>')
  const brief = await poolServer(t, onePool('5'))
  for (const [words, message] of [
    [at(server, bench), /has no pool .* INVALID/],
    [at(strange, bench), /not from a pool server: "<html>hello<\/html>"/],
    [at(brief, bench), /expires after 5s, and grace \(10s\) .* longer than 22s, or --grace shorter/],
    [
      ['pool', '-H', '127.0.0.1:1', '-r', bench.name],
      /cannot ask http:\/\/127\.0\.0\.1:1 for pool .*: connection refused/,
    ],
    [['pool', '-H', '127.0.0.1:1', '-r', bench.name, '--wait', '0.3'], /connection refused/],
  ] as const) {
    const { code, stdout, stderr } = await bench.sub([...words, 'echo', 'ran']).ended()
    t.deepEqual([code, stdout], [202, ''])
    t.regex(stderr, message)
    t.regex(stderr, ONE_LINE)
  }
  t.deepEqual(verbs(brief), ['get', 'renew', 'release'])
})

onRuntimes('the token of a file is sent', async (t, bench) => {
  const server = await poolServer(t, ({ authorization }) =>
    authorization === 'Bearer 0123456789abcdef' ? 'YES' : { status: 401, text: '' },
  )
  const file = join(bench.folder, 'token')
  writeFileSync(file, '0123456789abcdef\n')
  t.is(await bench.sub([...at(server, bench, '--token-file', file), 'true']).exited, 0)
  const { code, stderr } = await bench.sub([...at(server, bench), 'true']).ended()
  t.is(code, 202)
  t.regex(stderr, /it answered 401 \(give the token with --token-file\)/)
  t.is(await bench.sub([...at(server, bench, '--token-file', '/no/such/file'), 'true']).exited, 200)
})

onRuntimes('a nested sera for the same pool is a conflict (208)', async (t, bench) => {
  const server = await poolServer(t, onePool())
  const inner = [bench.program, ...at(server, bench, '--wait'), 'echo', 'ran']
  const { code, stdout, stderr } = await bench.sub([...at(server, bench), ...inner]).ended()
  t.deepEqual([code, stdout], [208, ''])
  t.regex(stderr, /deadlock: a parent sera already holds/)
})
