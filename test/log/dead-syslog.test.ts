import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { CLOSE_LIMIT_MS } from '../../src/log/syslog.js'
import { freeTcpPort, freeUdpPort, startRsyslog } from './rsyslog.js'
import { buildSpeaker, RUNTIMES, type SpeakerRuntime, type Speech, type Spoken } from './speaker.js'

/** What sera waits for a syslog that hangs. Without the limit it would be for ever; a busy machine adds its part. */
const HANGS = [CLOSE_LIMIT_MS - 50, 20 * CLOSE_LIMIT_MS] as const
const TRIES = 10

const dir = await mkdtemp(join(tmpdir(), 'sera-dead-'))
process.env.SPEAKER_LOADED = '1'
const speak = await buildSpeaker('dead-syslog')
test.after.always(() => rm(dir, { recursive: true }))

function endsQuietly(t: ExecutionContext, { output, exitCode }: Spoken): void {
  t.deepEqual({ output, exitCode }, { output: '', exitCode: 7 })
}

/** Silent every time; and as soon as the machine is not too busy once, well below what a syslog that hangs would cost. */
async function costsAMoment(t: ExecutionContext, runtime: SpeakerRuntime, speech: Speech): Promise<void> {
  for (let left = TRIES; left > 0; left -= 1) {
    const spoken = await speak(runtime, speech)
    endsQuietly(t, spoken)
    if (spoken.closed < HANGS[0] && spoken.written < 50) return
  }
  t.fail('it takes too long, however often it is tried')
}

async function costsHalfASecond(t: ExecutionContext, runtime: SpeakerRuntime, speech: Speech): Promise<void> {
  const spoken = await speak(runtime, speech)
  endsQuietly(t, spoken)
  t.true(spoken.closed >= HANGS[0] && spoken.closed <= HANGS[1], `closing took ${spoken.closed} ms`)
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
      await costsAMoment(t, runtime, speech)
      await costsAMoment(t, runtime, { ...speech, env: { SPEAKER_LINGERS: '1', SPEAKER_LINES: '20' } })
    })
  }

  test.serial(`${runtime}: a host that does not exist costs half a second at most`, async t => {
    for (const kind of ['udp', 'tcp']) {
      endsQuietly(t, await speak(runtime, { address: `${kind}://no-such-host.invalid:514` }))
    }
  })

  test.serial(`${runtime}: a name server that hangs costs half a second`, async t => {
    const env = { PATH: `${await program('getent', 'exec sleep 60')}:${process.env.PATH}` }
    for (const kind of ['udp', 'tcp']) {
      await costsHalfASecond(t, runtime, { address: `${kind}://localhost:514`, env })
      await costsHalfASecond(t, runtime, { address: `${kind}://localhost:514`, env: { ...env, SPEAKER_LINGERS: '1' } })
    }
  })

  test.serial(`${runtime}: a TCP syslog that accepts and never reads costs a moment`, async t => {
    await using mute = await muteSyslog()
    await costsAMoment(t, runtime, { address: mute.address })
    const env = { SPEAKER_LINES: '1000', SPEAKER_LINGERS: '1' }
    endsQuietly(t, await speak(runtime, { address: mute.address, env, text: 'x'.repeat(800) }))
  })

  test.serial(`${runtime}: a TCP syslog that does not even accept costs half a second`, async t => {
    await using deaf = await deafListener()
    await costsHalfASecond(t, runtime, { address: deaf.address })
    await costsHalfASecond(t, runtime, { address: deaf.address, env: { SPEAKER_LINGERS: '1' } })
  })

  test.serial(`${runtime}: a syslog that is stopped costs half a second on its unix socket`, async t => {
    await using rsyslog = await startRsyslog()
    rsyslog.kill('SIGSTOP')
    // More lines than the socket's queue holds, whatever the kernel was told: `logger` blocks.
    const env = { SPEAKER_LINES: '1000', SPEAKER_LINGERS: '1' }
    await costsHalfASecond(t, runtime, { address: rsyslog.address.unix, env })
  })

  test.serial(`${runtime}: a machine without logger and getent costs nothing, and reaches syslog by name`, async t => {
    await using rsyslog = await startRsyslog()
    const env = { PATH: join(dir, 'empty') }
    await costsAMoment(t, runtime, { address: rsyslog.address.unix, env })
    for (const kind of ['udp', 'tcp'] as const) {
      const address = rsyslog.address[kind].replace('127.0.0.1', 'localhost')
      await costsAMoment(t, runtime, { address, env, text: `without-${kind}` })
      await costsAMoment(t, runtime, { address, text: `with-${kind}` })
      await rsyslog.messages(1, new RegExp(`without-${kind}`))
      await rsyslog.messages(1, new RegExp(`with-${kind}`))
    }
  })
}

/** A folder with this one program in it. */
async function program(name: string, body: string): Promise<string> {
  const folder = await mkdtemp(join(dir, `${name}-`))
  await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return folder
}

/** A syslog that takes every connection and nothing from it. */
async function muteSyslog(): Promise<{ address: string } & AsyncDisposable> {
  const peers = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, peer => peers.add(peer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.destroy()
      await once(server.close(), 'close')
    },
  }
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
