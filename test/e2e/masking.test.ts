/** Passwords are hidden wherever others see the command of a run. The command itself and the lock name keep them. */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { database } from '../store/database.js'
import { each, onRuntimes } from '../support/each.js'
import { until } from '../support/until.js'

const PASSWORD = '--password=hunter2'

/** A syslog that collects its lines. */
async function syslog(t: ExecutionContext) {
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  const lines: string[] = []
  socket.on('message', line => lines.push(line.toString()))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { lines, address: `udp://127.0.0.1:${socket.address().port}` }
}

each('only the command gets a password of the command line', async (t, bench, server) => {
  const db = await database(t, server)
  const { lines, address } = await syslog(t)
  const env = { SERA_SERVER: await db.account('ALL'), SERA_SYSLOG: address, SERA_AUDIT: 'true' }
  for (const engine of ['lease', 'get_lock']) {
    const file = join(bench.folder, engine)
    const script = `echo "$1"; "${bench.program}" status mutex --json`
    const flags = ['--engine', engine, '--outcome-file', file]
    const { code, stdout } = await bench.sub([...flags, '5', 'sh', '-c', script, 'sh', PASSWORD], { env }).ended()
    t.is(code, 0)
    const [printed, status = ''] = stdout.split(/\n(.*)/s)
    t.is(printed, PASSWORD)
    t.notRegex(status, /hunter2/)
    if (engine === 'lease') t.regex(status, /--password=\*\*\*/)
    const { command } = JSON.parse(readFileSync(file, 'utf8'))
    t.is(command.at(-1), '--password=***')
  }
  const history = await bench.sub(['history', '--json'], { env }).ended()
  t.regex(history.stdout, /--password=\*\*\*/)
  t.notRegex(history.stdout, /hunter2/)
  await until('both runs are in syslog', () => lines.filter(line => line.includes('--password=***')).length >= 2)
  t.notRegex(lines.join(), /hunter2/)
})

each('patterns in the config or the environment hide more', async (t, bench, server) => {
  const config = join(bench.folder, 'sera.json')
  writeFileSync(config, JSON.stringify({ server: server.dsn(), mask: ['-a (\\S+)', 'x+y'] }))
  const seenBy = async (...given: Parameters<typeof bench.sub>) => {
    const file = join(bench.folder, 'outcome')
    const [flags, options] = given
    await bench.sub([...flags, '--outcome-file', file, '5', 'echo', '-a', 'hunter2', 'xxy'], options).ended()
    return JSON.parse(readFileSync(file, 'utf8')).command.join(' ')
  }
  t.is(await seenBy(['--config', config], { env: { SERA_CONFIG: config } }), 'echo -a *** ***')
  t.is(await seenBy([], { env: { SERA_MASK: 'hunter\\d\nxy' } }), 'echo -a *** x***')
})

onRuntimes('the lock name depends on the words as typed', async (t, bench) => {
  const { stdout } = await bench.sub(['--print-lock-name', '5', 'job', PASSWORD]).ended()
  t.is(stdout, `${createHash('md5').update(`job ${PASSWORD}`).digest('hex')}\n`)
})

each('the error for a line that cannot be started hides its password', async (t, bench) => {
  const { code, stderr } = await bench.sub(['5', 'mysqldump -phunter2 shop']).ended()
  t.is(code, 203)
  t.regex(stderr, /^sera: cannot start mysqldump -p\*\*\* shop: not found on PATH; .*\n$/)
})

onRuntimes('an invalid pattern is a config error in one line', async (t, bench) => {
  const config = join(bench.folder, 'sera.json')
  writeFileSync(config, JSON.stringify({ mask: ['fine', '(open'] }))
  for (const [args, env] of [
    [['--config', config], {}],
    [[], { SERA_MASK: 'fine\n(open' }],
  ] as const) {
    const { code, stderr } = await bench.sub([...args, '5', 'true'], { env }).ended()
    t.is(code, 200)
    t.regex(stderr, /^sera: .*(?:sera\.json: mask|SERA_MASK): pattern 2 is not a regular expression: [^\n]+\n$/)
    t.notRegex(stderr, /open/)
  }
})
