/** The library as a program imports it: compiled, by the package's name. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import type { SeraError } from '../../src/errors.js'
import { connect } from '../../src/lib/connect.js'
import type { Sera } from '../../src/lib/sera.js'
import { memory } from '../../src/lib/testing.js'
import { sharedServers } from '../support/servers.js'

const run = promisify(execFile)

/** Runs a program that must end by itself. @returns its output */
async function program(code: string): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, ['--input-type=module', '--eval', code], { timeout: 60_000 })
}

test('importing starts nothing, and the program ends by itself', async t => {
  const code = `
    const before = process.eventNames()
    const { connect } = await import('sera')
    const { memory } = await import('sera/testing')
    const after = process.eventNames()
    console.log(JSON.stringify({ before, after, connect: typeof connect, memory: typeof memory }))`
  const { stdout, stderr } = await program(code)
  const { before, after, ...exported } = JSON.parse(stdout)
  t.deepEqual(after, before)
  t.deepEqual(exported, { connect: 'function', memory: 'function' })
  t.is(stderr, '')
})

test('the package exports exactly these values', async t => {
  const { stdout } = await program(`
    console.log(JSON.stringify([await import('sera'), await import('sera/testing')].map(Object.keys)))`)
  t.deepEqual(JSON.parse(stdout), [['EXIT_CODES', 'SeraError', 'VERSION', 'connect', 'lockName'], ['memory']])
})

for (const server of sharedServers()) {
  test(`a program ends by itself after close(), also with a held lock (${server.kind})`, async t => {
    const { stdout } = await program(`
      import { connect } from 'sera'
      const sera = await connect({ server: ${JSON.stringify(server.dsn())}, namespace: 'ends by itself' })
      const lock = await sera.mutex('a').acquire()
      await sera.mutex('b').acquire()
      console.log(lock.held, lock.token > 0)
      await lock.release()
      await sera.close()`)
    t.is(stdout, 'true true\n')
  })

  test(`connect with connectWait 0 fails at once (${server.kind})`, async t => {
    const wrong = { server: server.dsn().replace('secret', 'wrong'), connectWait: 0 }
    const error = await t.throwsAsync<SeraError>(connect(wrong))
    t.is(error?.kind, 'lock-failed')
    t.false(error?.message.includes('wrong'))
  })

  test(`connect skips an unreachable server of its list (${server.kind})`, async t => {
    const away = 'sera:secret@tcp(127.0.0.1:1)/sera'
    await using sera = await connect({ server: [away, server.dsn()], namespace: t.title.slice(0, 64) })
    t.is(await sera.counter('it').value(), 0)
  })

  test(`namespaces separate equal names (${server.kind})`, async t => {
    await using one = await connect({ server: server.dsn(), namespace: 'one', label: 'the one' })
    await using other = await connect({ server: server.dsn(), namespace: 'other' })
    await using _ = await one.mutex('it').acquire()
    await using __ = await other.mutex('it').acquire({ wait: 0 })
    t.deepEqual(
      (await one.mutex('it').contenders()).map(({ command }) => command),
      ['the one'],
    )
  })

  test(`an aborted signal cancels connect (${server.kind})`, async t => {
    const reason = new Error('enough')
    const gone = connect({ server: 'sera:secret@tcp(127.0.0.1:1)/sera', signal: AbortSignal.abort(reason) })
    t.is(await t.throwsAsync(gone), reason)
  })
}

const WRONG_OPTIONS: Array<[string, unknown]> = [
  ['undefined', undefined],
  ['no server', {}],
  ['an empty list of servers', { server: [] }],
  ['a server that is no text', { server: 3306 }],
  ['the embedded server', 'embedded'],
  ['a lease that leaves no room for grace', { server: 'db/sera', lease: '10s' }],
  ['a lease that is no duration', { server: 'tcp(db)/sera', lease: 'long' }],
  ['a negative grace', { server: 'tcp(db)/sera', grace: -1 }],
  ['a namespace that is too long', { server: 'tcp(db)/sera', namespace: 'n'.repeat(65) }],
]

for (const [what, options] of WRONG_OPTIONS) {
  test(`connect refuses ${what}`, async t => {
    const error = await t.throwsAsync<SeraError>(connect(options as string))
    t.true(['usage', 'config'].includes(error?.kind ?? ''), String(error))
    t.false(error?.message.includes('\n'))
  })
}

const WRONG_ARGUMENTS: Array<[string, (sera: Sera) => unknown]> = [
  ['an empty name', sera => sera.mutex('')],
  ['a name of 256 characters', sera => sera.rwlock('n'.repeat(256))],
  ['a name with a line break', sera => sera.gate('a\nb')],
  ['a name with half a character', sera => sera.gate('a\ud83d')],
  ['a name that is no text', sera => sera.counter(undefined as unknown as string)],
  ['no permits', sera => sera.semaphore('it', 0)],
  ['fewer permits than none', sera => sera.semaphore('it', -1)],
  ['half a permit', sera => sera.semaphore('it', 1.5)],
  ['a billion permits', sera => sera.semaphore('it', 1e9)],
  ['permits as text', sera => sera.semaphore('it', '3' as unknown as number)],
  ['more units than permits', sera => sera.semaphore('it', 2).acquire({ units: 3 })],
  ['no units', sera => sera.semaphore('it', 2).acquire({ units: 0 })],
  ['a barrier of none', sera => sera.barrier('it', 0)],
  ['an empty tag', sera => sera.barrier('it', 1).arrive({ tag: '' })],
  ['a double barrier of none', sera => sera.doubleBarrier('it', 0)],
  ['half a delta', sera => sera.counter('it').add(0.5)],
  ['a delta beyond what is exact', sera => sera.counter('it').add(2 ** 53)],
  ['no delta', sera => sera.counter('it').add(Number.NaN)],
  ['a negative wait', sera => sera.mutex('it').acquire({ wait: -1 })],
  ['a wait that is no duration', sera => sera.mutex('it').acquire({ wait: 'soon' })],
  ['a wait that is no number', sera => sera.mutex('it').acquire({ wait: Number.NaN })],
  ['a gate closed for less than nothing', sera => sera.gate('it').close({ for: -1 })],
]

for (const [what, call] of WRONG_ARGUMENTS) {
  test(`${what} is refused with a usage error on one line`, async t => {
    await using sera = await memory().connect()
    const error = await t.throwsAsync<SeraError>(async () => call(sera))
    t.is(error?.kind, 'usage')
    t.regex(error?.message ?? '', /^[^\n]{10,200}$/)
  })
}

test('memory: each connect acts as another process with its own lease', async t => {
  const server = memory()
  await using mine = await server.connect({ label: 'mine' })
  await using theirs = await server.connect({ lease: '90s', label: 'theirs' })
  const lock = await mine.mutex('it').acquire()
  const next = theirs.mutex('it').acquire()
  t.is(
    await Promise.race([
      next.then(() => 'granted'),
      mine
        .mutex('it')
        .contenders()
        .then(() => 'waits'),
    ]),
    'waits',
  )
  await lock.release()
  await (await next).release()
  t.deepEqual(await theirs.mutex('it').contenders(), [])
  await t.throwsAsync(server.connect({ lease: '1s' }), { message: /lease/ })
})
