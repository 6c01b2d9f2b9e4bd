/** What sera sends to the server: few commands, and a quit at the end. */
import type { ExecutionContext } from 'ava'
import { admin } from '../support/admin.js'
import { eachOwn } from '../support/each.js'
import { startFaultyProxy } from '../support/faulty-proxy.js'
import type { Bench } from '../support/sera.js'
import { until } from '../support/until.js'

type Case = (t: ExecutionContext, sera: Bench['sera']) => Promise<void>

const ends =
  (code: number, ...args: string[]): Case =>
  async (t, run) => {
    t.is(await run(args).exited, code, args.join(' '))
  }

const FREE: Record<string, Case> = {
  'a normal run': ends(7, '5', 'sh', '-c', 'exit 7'),
  'a run without a wait': ends(0, '0', 'true'),
  'a command that cannot start': ends(203, '5', '/nowhere'),
  'a command that was too long': ends(207, '--run-at-most', '500ms', '5', 'sleep', '1000'),
}
const BUSY: Record<string, Case> = {
  'no wait': ends(204, '0', 'true'),
  'a wait of a second': ends(204, '1', 'true'),
  'a wait of a second and a half': ends(204, '1500ms', 'true'),
  'a wait of half a second': ends(204, '500ms', 'true'),
  'a skip that times out': ends(204, '--wait-and-skip', '1', 'true'),
}

eachOwn('each run ends with COM_QUIT, after at most five commands', async (t, bench, server) => {
  await using above = await admin(server)
  await using proxy = await startFaultyProxy(server.port)
  const { lock, untilTold, tell } = bench
  const sera: Bench['sera'] = (args, options) => bench.sera(args, { ...options, env: { SERA_SERVER: proxy.dsn } })
  const cleanly = async (what: string, act: () => Promise<void>) => {
    const before = await above.count('Aborted_clients')
    const connections = proxy.commands.length
    await act()
    await until('all connections closed', async () => (await above.count('Threads_connected')) === 1)
    t.is(await above.count('Aborted_clients'), before, `${what}: aborted clients`)
    for (const commands of proxy.commands.slice(connections)) {
      t.true(commands.length <= 5, `${what}: ${commands}`)
      t.is(commands.at(-1), COM_QUIT, `${what}: ${commands}`)
    }
  }

  for (const [what, run] of Object.entries(FREE)) await cleanly(what, () => run(t, sera))

  await cleanly('a skip', async () => {
    const first = sera(['5', 'sh', '-c', untilTold])
    await until('locked', () => above.holder(lock))
    const skipping = sera(['--wait-and-skip', '--detailed-exit-codes', '60', 'true'])
    await until('the skipping one waits', () => above.waitsFor(lock))
    tell()
    t.is(await skipping.exited, 205)
    t.is(await first.exited, 0)
  })

  for (const [what, run] of Object.entries(BUSY)) {
    await cleanly(`${what} for a lock that is taken`, async () => {
      const holder = sera(['5', 'sh', '-c', 'while ! [ -e enough ]; do sleep 0.1; done; rm enough'])
      await until('locked', () => above.holder(lock))
      await run(t, sera)
      t.is(await sera(['--name', 'another', '0', 'touch', 'enough']).exited, 0)
      t.is(await holder.exited, 0)
    })
  }
})

const COM_QUIT = 1
