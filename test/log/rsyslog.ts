/** A private rsyslogd for a test: it reads a unix socket, UDP and TCP, and writes one file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const RSYSLOGD = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd']
export const TRANSPORTS = ['unix', 'udp', 'tcp'] as const
export type TransportKind = (typeof TRANSPORTS)[number]

export interface Message {
  facility: string
  severity: string
  host: string
  tag: string
  pid: number
  text: string
}

export interface Rsyslog {
  address: Readonly<Record<TransportKind, string>>
  /** Waits for `count` messages that match the pattern. */
  messages(count: number, pattern: RegExp): Promise<Message[]>
  kill(signal: NodeJS.Signals): void
  [Symbol.asyncDispose](): Promise<void>
}

export async function startRsyslog(): Promise<Rsyslog> {
  const program = RSYSLOGD.find(existsSync)
  if (program === undefined) throw new Error('rsyslogd is missing: apt-get install rsyslog')
  const dir = await mkdtemp(join(tmpdir(), 'sera-rsyslog-'))
  const [udp, tcp] = [await freeUdpPort(), await freeTcpPort()]
  await writeFile(join(dir, 'conf'), config(dir, udp, tcp))
  const daemon = spawn(program, ['-n', '-f', join(dir, 'conf'), '-i', join(dir, 'pid')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  daemon.stderr.on('data', text => {
    complaints += text
  })
  const ready = async () => existsSync(join(dir, 'socket')) && (await bound('udp', udp)) && (await bound('tcp', tcp))
  await until(async () => running(daemon, complaints) && (await ready()), 'rsyslogd to listen')
  return {
    address: { unix: `unix:${join(dir, 'socket')}`, udp: `udp://127.0.0.1:${udp}`, tcp: `tcp://127.0.0.1:${tcp}` },
    messages: (count, pattern) => arrived(join(dir, 'out'), count, pattern),
    kill: signal => void daemon.kill(signal),
    async [Symbol.asyncDispose]() {
      const gone = once(daemon, 'exit')
      daemon.kill('SIGKILL')
      await gone
      await rm(dir, { recursive: true })
    },
  }
}

function config(dir: string, udp: number, tcp: number): string {
  const template = ['syslogfacility-text', 'syslogseverity-text', 'hostname', 'programname', 'procid', 'msg']
  return `
    global(workDirectory="${dir}")
    module(load="imuxsock" SysSock.Use="off")
    module(load="imudp")
    module(load="imtcp")
    template(name="fields" type="string" string="${template.map(name => `%${name}%`).join('|')}\\n")
    ruleset(name="all") { action(type="omfile" file="${dir}/out" template="fields") }
    input(type="imuxsock" Socket="${dir}/socket" ruleset="all")
    input(type="imudp" address="127.0.0.1" port="${udp}" ruleset="all")
    input(type="imtcp" address="127.0.0.1" port="${tcp}" ruleset="all")
  `
}

async function arrived(file: string, count: number, pattern: RegExp): Promise<Message[]> {
  let found: Message[] = []
  await until(async () => {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1)
    found = lines.map(message).filter(({ text }) => pattern.test(text))
    return found.length >= count
  }, `${count} messages like ${pattern}`).catch(error => {
    throw new Error(`${error.message}; there were ${found.length}`)
  })
  return found
}

function message(line: string): Message {
  const [facility = '', severity = '', host = '', tag = '', pid, ...text] = line.split('|')
  return { facility, severity, host, tag, pid: Number(pid), text: text.join('|').trimStart() }
}

function running(daemon: ChildProcess, complaints: string): true {
  if (daemon.exitCode === null && daemon.signalCode === null) return true
  throw new Error(`rsyslogd ended: ${complaints}`)
}

/** Polls until the condition holds. The limit only ends a test that fails anyway. */
async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const limit = performance.now() + 15_000
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`waited in vain for ${what}`)
    await sleep(20)
  }
}

async function bound(kind: 'udp' | 'tcp', port: number): Promise<boolean> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`
  return (await readFile(`/proc/net/${kind}`, 'utf8')).includes(local)
}

export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await once(socket.close(), 'close')
  return port
}
