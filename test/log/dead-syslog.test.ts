import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { freeTcpPort, freeUdpPort, startRsyslog } from './rsyslog.js'
import { buildSpeaker, RUNTIMES, type Spoken } from './speaker.js'

/** How long sera waits, plus what loading winston and a busy machine take. Without the limit it would be for ever. */
const HANGS = [450, 2500] as const
const AT_ONCE = [0, 450] as const

const dir = await mkdtemp(join(tmpdir(), 'sera-dead-'))
const speak = await buildSpeaker('dead-syslog')
test.after.always(() => rm(dir, { recursive: true }))

function endsQuietly(t: ExecutionContext, spoken: Spoken, [least, most]: readonly [number, number]): void {
  t.is(spoken.output, '')
  t.is(spoken.exitCode, 7)
  t.true(spoken.written < 50, `writing took ${spoken.written} ms`)
  t.true(spoken.closed >= least && spoken.closed <= most, `closing took ${spoken.closed} ms`)
}

for (const runtime of RUNTIMES) {
  const dead: Record<string, () => Promise<string>> = {
    'a unix socket that is missing': async () => `unix:${dir}/missing`,
    'a unix socket that is a file': async () => {
      await writeFile(join(dir, 'file'), '')
      return `unix:${dir}/file`
    },
    'a UDP port nobody listens on': async () => `udp://127.0.0.1:${await freeUdpPort()}`,
    'a TCP port nobody listens on': async () => `tcp://127.0.0.1:${await freeTcpPort()}`,
  }
  for (const [what, address] of Object.entries(dead)) {
    test.serial(`${runtime}: ${what} costs a moment and nothing else`, async t => {
      const speech = { address: await address(), text: 'a\nb' }
      endsQuietly(t, await speak(runtime, speech), AT_ONCE)
      endsQuietly(t, await speak(runtime, { ...speech, env: { SPEAKER_LINGERS: '1', SPEAKER_LINES: '20' } }), AT_ONCE)
    })
  }

  test.serial(`${runtime}: a host that does not exist costs half a second at most`, async t => {
    for (const kind of ['udp', 'tcp']) {
      endsQuietly(t, await speak(runtime, { address: `${kind}://no-such-host.invalid:514` }), [0, HANGS[1]])
    }
  })

  test.serial(`${runtime}: a name server that hangs costs half a second`, async t => {
    const env = { PATH: `${await program('getent', 'exec sleep 60')}:${process.env.PATH}` }
    for (const kind of ['udp', 'tcp']) {
      endsQuietly(t, await speak(runtime, { address: `${kind}://localhost:514`, env }), HANGS)
      endsQuietly(
        t,
        await speak(runtime, { address: `${kind}://localhost:514`, env: { ...env, SPEAKER_LINGERS: '1' } }),
        HANGS,
      )
    }
  })

  test.serial(`${runtime}: a TCP syslog that accepts and never reads costs a moment`, async t => {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const speech = { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, text: 'x'.repeat(800) }
    for (const env of [{}, { SPEAKER_LINES: '1000', SPEAKER_LINGERS: '1' }]) {
      const accepted = once(server, 'connection')
      endsQuietly(t, await speak(runtime, { ...speech, env }), [0, HANGS[1]])
      const [peer] = await accepted
      peer.destroy()
    }
    server.close()
  })

  test.serial(`${runtime}: a TCP syslog that does not even accept costs half a second`, async t => {
    await using deaf = await deafListener()
    endsQuietly(t, await speak(runtime, { address: deaf.address }), HANGS)
    endsQuietly(t, await speak(runtime, { address: deaf.address, env: { SPEAKER_LINGERS: '1' } }), HANGS)
  })

  test.serial(`${runtime}: a syslog that is stopped costs half a second on its unix socket`, async t => {
    await using rsyslog = await startRsyslog()
    rsyslog.kill('SIGSTOP')
    // More lines than the socket's queue holds, whatever the kernel was told: `logger` blocks.
    const env = { SPEAKER_LINES: '1000', SPEAKER_LINGERS: '1' }
    endsQuietly(t, await speak(runtime, { address: rsyslog.address.unix, env }), HANGS)
  })

  test.serial(`${runtime}: a machine without logger and getent costs nothing, and reaches syslog by name`, async t => {
    await using rsyslog = await startRsyslog()
    const env = { PATH: join(dir, 'empty') }
    endsQuietly(t, await speak(runtime, { address: rsyslog.address.unix, env }), AT_ONCE)
    for (const kind of ['udp', 'tcp'] as const) {
      const address = rsyslog.address[kind].replace('127.0.0.1', 'localhost')
      endsQuietly(t, await speak(runtime, { address, env, text: 'without' }), AT_ONCE)
      endsQuietly(t, await speak(runtime, { address, text: 'with' }), AT_ONCE)
    }
    t.is((await rsyslog.messages(4, /with/)).length, 4)
  })
}

/** A folder with this one program in it. */
async function program(name: string, body: string): Promise<string> {
  const folder = await mkdtemp(join(dir, `${name}-`))
  await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return folder
}

/** A port whose owner is stopped and whose queue is full: the kernel drops whatever else knocks. */
async function deafListener(): Promise<{ address: string } & AsyncDisposable> {
  const listen = `const s = require('net').createServer().listen(0, '127.0.0.1', 1, () => console.log(s.address().port))`
  const owner = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await once(owner.stdout, 'data')
  const port = Number(printed)
  owner.kill('SIGSTOP')
  const knocking = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await Promise.all(knocking.slice(0, 2).map(socket => once(socket, 'connect')))
  return {
    address: `tcp://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of knocking) socket.destroy()
      owner.kill('SIGKILL')
      await once(owner, 'exit')
    },
  }
}
