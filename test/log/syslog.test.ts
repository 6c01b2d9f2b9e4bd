import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer, type ListenOptions, type Socket } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import test from 'ava'
import { openLog } from '../../src/log/syslog.js'
import { freeUdpPort } from './rsyslog.js'

const context = { pid: process.pid, spawn }
const settings = (address: string) => ({ address, facility: 'local0', tag: 'sera' })

/** A syslog that accepts connections and collects their lines. */
async function listen(options: ListenOptions) {
  const peers = new Set<Socket>()
  const received: string[] = []
  const server = createServer(peer => {
    peers.add(peer.on('close', () => peers.delete(peer)))
    createInterface(peer).on('line', line => {
      received.push(line)
      server.emit('line')
    })
  }).listen(options)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async line(text: string): Promise<string> {
      for (;;) {
        const line = received.find(line => line.endsWith(text))
        if (line !== undefined) return line
        await once(server, 'line')
      }
    },
    hangUp: () => Promise.all([...peers].map(peer => once(peer.destroy(), 'close'))),
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.destroy()
      await once(server.close(), 'close')
    },
  }
}

test.serial('winston is loaded with the first line and not before', async t => {
  const loaded = () =>
    Object.keys(createRequire(import.meta.url).cache).some(file => file.includes('/node_modules/winston/'))
  await using syslog = await listen({ port: 0, host: '127.0.0.1' })
  const log = openLog(settings(`tcp://127.0.0.1:${syslog.port}`), context)
  t.false(loaded())
  log.write('info', { outcome: 'done' })
  await log.close()
  t.true(loaded())
})

test('a message starts with priority, time, host, tag and pid', async t => {
  await using syslog = await listen({ port: 0, host: '::1' })
  const log = openLog(settings(`tcp://[::1]:${syslog.port}`), context)
  log.write('warning', { outcome: 'lost', lock: 'a b' })
  await log.close()
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z'
  const message = await syslog.line('lock="a b"')
  t.regex(
    message,
    new RegExp(`^<${16 * 8 + 4}>${time} ${hostname()} sera\\[${process.pid}\\]: outcome=lost lock="a b"$`),
  )
})

test('TCP reconnects for a later line after a disconnect', async t => {
  await using syslog = await listen({ port: 0, host: '127.0.0.1' })
  const log = openLog(settings(`tcp://localhost:${syslog.port}`), context)
  const warned = (warning: Error) => t.fail(warning.message)
  process.on('warning', warned)
  for (let round = 1; round <= 20; round += 1) {
    // This process notices the disconnect a moment later. Lines until then are lost, as with any syslog over TCP.
    const again = setInterval(() => log.write('info', { round }), 5)
    await syslog.line(`round=${round}`)
    clearInterval(again)
    await syslog.hangUp()
  }
  await log.close()
  process.off('warning', warned)
  t.pass()
})

test('a unix stream socket works, too', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'sera-stream-'))
  {
    await using syslog = await listen({ path: join(dir, 'socket') })
    const log = openLog(settings(`unix:${dir}/socket`), context)
    log.write('notice', { round: 1 })
    await log.close()
    t.regex(await syslog.line('round=1'), new RegExp(`^<${16 * 8 + 5}>.* sera\\[${process.pid}\\]: round=1$`))
  }
  await rm(dir, { recursive: true })
})

test('a line after close is dropped, and a second close does nothing', async t => {
  await using syslog = await listen({ port: 0, host: '127.0.0.1' })
  const address = `tcp://127.0.0.1:${syslog.port}`
  const [closed, open] = [openLog(settings(address), context), openLog(settings(address), context)]
  await closed.close()
  closed.write('info', { line: 'late' })
  t.is(await closed.close(), undefined)
  open.write('info', { line: 'good' })
  await open.close()
  await syslog.line('line=good')
  t.is(syslog.received.length, 1)
})

for (const runtime of [process.execPath, 'node_modules/.bin/bun']) {
  test(`${basename(runtime)}: a restarted UDP syslog gets the first line`, async t => {
    const run = promisify(execFile)(runtime, ['build/test/log/udp.fixture.js', String(await freeUdpPort())], {
      timeout: 10_000,
    })
    t.is((await run).stdout, 'after')
  })
}
