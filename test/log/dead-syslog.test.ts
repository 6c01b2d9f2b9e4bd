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

/** How long sera waits for a hung syslog. Without the limit it would wait for ever; a busy machine adds some time. */
const HANGS = [CLOSE_LIMIT_MS - 50, 20 * CLOSE_LIMIT_MS] as const
const TRIES = 10

const dir = await mkdtemp(join(tmpdir(), 'sera-dead-'))
process.env.SPEAKER_LOADED = '1'
const speak = await buildSpeaker('dead-syslog')
test.after.always(() => rm(dir, { recursive: true }))

function endsQuietly(t: ExecutionContext, { output, exitCode }: Spoken): void {
  t.deepEqual({ output, exitCode }, { output: '', exitCode: 7 })
}

/** Silent each time. At least one of several tries takes much less time than a hung syslog would, also on a busy machine. */
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
    'a missing unix socket': async () => `unix:${dir}/missing`,
    'a unix socket that is a file': async () => {
      await writeFile(join(dir, 'file'), '')
      return `unix:${dir}/file`
    },
    'a closed UDP port': async () => `udp://127.0.0.1:${await freeUdpPort()}`,
    'a closed TCP port': async () => `tcp://127.0.0.1:${await freeTcpPort()}`,
  }
  for (const [what, address] of Object.entries(dead)) {
    test.serial(`${runtime}: ${what} delays the exit only a moment`, async t => {
      const speech = { address: await address(), text: 'a\nb' }
      await costsAMoment(t, runtime, speech)
      await costsAMoment(t, runtime, { ...speech, env: { SPEAKER_LINGERS: '1', SPEAKER_LINES: '20' } })
    })
  }

  test.serial(`${runtime}: an unknown host delays the exit by at most half a second`, async t => {
    for (const kind of ['udp', 'tcp']) {
      endsQuietly(t, await speak(runtime, { address: `${kind}://no-such-host.invalid:514` }))
    }
  })

  test.serial(`${runtime}: a hung name server delays the exit by half a second`, async t => {
    const env = { PATH: `${await program('getent', 'exec sleep 60')}:${process.env.PATH}` }
    for (const kind of ['udp', 'tcp']) {
      await costsHalfASecond(t, runtime, { address: `${kind}://localhost:514`, env })
      await costsHalfASecond(t, runtime, { address: `${kind}://localhost:514`, env: { ...env, SPEAKER_LINGERS: '1' } })
    }
  })

  test.serial(`${runtime}: a TCP syslog that accepts but never reads delays the exit a moment`, async t => {
    await using mute = await muteSyslog()
    await costsAMoment(t, runtime, { address: mute.address })
    const env = { SPEAKER_LINES: '1000', SPEAKER_LINGERS: '1' }
    endsQuietly(t, await speak(runtime, { address: mute.address, env, text: 'x'.repeat(800) }))
  })

  test.serial(`${runtime}: a TCP syslog that does not accept delays the exit by half a second`, async t => {
    await using deaf = await deafListener()
    await costsHalfASecond(t, runtime, { address: deaf.address })
    await costsHalfASecond(t, runtime, { address: deaf.address, env: { SPEAKER_LINGERS: '1' } })
  })

  test.serial(`${runtime}: a stopped syslog on its unix socket delays the exit by half a second`, async t => {
    await using rsyslog = await startRsyslog()
    rsyslog.kill('SIGSTOP')
    // More lines than the queue of the socket holds with any kernel setting, so `logger` blocks.
    const env = { SPEAKER_LINES: '1000', SPEAKER_LINGERS: '1' }
    await costsHalfASecond(t, runtime, { address: rsyslog.address.unix, env })
  })

  test.serial(`${runtime}: without logger and getent nothing is delayed, and syslog is reached by name`, async t => {
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

/** A folder with only this program. */
async function program(name: string, body: string): Promise<string> {
  const folder = await mkdtemp(join(dir, `${name}-`))
  await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return folder
}

/** A syslog that accepts every connection and reads nothing. */
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

/** A port of a stopped process with a full queue: the kernel drops further connections. */
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
