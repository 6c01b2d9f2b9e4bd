/**
 * Real servers for tests. `test/run.ts` starts the `sharedServers()` for the whole run; `startServer()` gives a test
 * its own server, to stop, freeze or kill.
 *
 * Accounts: `root` (unix socket, no password), and `sera` / `secret` with all privileges on database `sera` only.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findServer, identify, type ServerBinary, type ServerKind } from '../../src/embedded/binary.js'
import { lastError } from '../../src/embedded/initialise.js'
import { runOptions } from '../../src/embedded/options.js'
import { testFolder } from './environment.js'
import { DIES_WITH_THE_TEST } from './processes.js'
import { type Template, template } from './template.js'

/** The address of a server; plain data, so that it can be passed to another process. */
export interface ServerAddress {
  kind: ServerKind
  /** Distinguishes it from others of its kind, in test titles. */
  label?: string
  version: string
  port: number
  socketPath: string
  /** The server's certificate authority, PEM; undefined when the server has no TLS. */
  ca: string | undefined
  pid: number
}

export interface SharedServer extends ServerAddress {
  /** DSN of account `sera` over TCP. */
  dsn(database?: string): string
  /** DSN of account `sera` over the unix socket. */
  socketDsn(database?: string): string
  /** DSN of `root`, unix socket. */
  rootDsn(database?: string): string
}

export interface TestServer extends SharedServer {
  /** Ends the server and waits for its end: cleanly if its folder is kept, otherwise at once, and removes the folder. */
  stop(): Promise<void>
  /** Sends a signal; after KILL and TERM it waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Restarts the server, running or not, on the same data, port and socket. */
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface StartOptions {
  kind: ServerKind
  /** Data folder to keep; without it the server gets a fresh copy of the template, which `stop` removes. */
  dir?: string
  /** More options for the server program. */
  args?: readonly string[]
}

/** Fast but not durable: no test cuts the power. */
const THROWAWAY = ['--skip-innodb-doublewrite', '--innodb-flush-log-at-trx-commit=0']
const START_LIMIT_MS = 60_000

/** The servers of this run, MariaDB first. */
export function sharedServers(): SharedServer[] {
  const addresses = JSON.parse(process.env.SERA_TEST_SERVERS ?? '[]') as ServerAddress[]
  if (addresses.length === 0) throw new Error('no shared servers: run the tests through build/test/run.js (npm test)')
  return addresses.map(withDsn)
}

/** The program for a kind of server; undefined when it is not installed. */
export async function serverBinary(kind: ServerKind): Promise<ServerBinary | undefined> {
  const paths = kind === 'mysql' ? [process.env.SERA_TEST_MYSQLD, resolve('build/mysql/bin/mysqld')] : []
  for (const path of paths) {
    const binary = path && (await identify(path).catch(() => undefined))
    if (binary) return binary
  }
  return findServer({ PATH: process.env.PATH }, kind).catch(() => undefined)
}

/** Starts a test's own server, in about half a second for MariaDB, two for MySQL. */
export async function startServer(options: StartOptions): Promise<TestServer> {
  const binary = await serverBinary(options.kind)
  if (binary === undefined) throw new Error(`no ${options.kind} server program on this machine`)
  const made = await template(binary, resolve('build/servers'))
  // a short path: a unix socket's path has at most 107 bytes
  const folder = options.dir ?? (await mkdtemp(join(testFolder, `${options.kind}-`)))
  const data = join(folder, 'data')
  await cp(made.data, data, { recursive: true, mode: constants.COPYFILE_FICLONE, force: false })
  const process_ = new ServerProcess(binary, made, folder, options.args ?? [])
  await process_.start()
  return handleOf(process_, options.dir === undefined)
}

/** One server program on one data folder, running or not. */
class ServerProcess {
  readonly socketPath: string
  port = 0
  child: ChildProcess | undefined

  constructor(
    readonly binary: ServerBinary,
    readonly made: Template,
    readonly folder: string,
    readonly args: readonly string[],
  ) {
    this.socketPath = join(folder, 'sera.sock')
  }

  async start(): Promise<void> {
    this.port ||= await freePort()
    this.child = spawn('setpriv', [...DIES_WITH_THE_TEST, this.binary.path, ...this.options()], {
      stdio: 'ignore',
      cwd: this.folder,
      detached: true,
    })
    await this.ready(this.child)
  }

  private options(): string[] {
    const { tls } = this.made
    const run = {
      kind: this.binary.kind,
      data: join(this.folder, 'data'),
      asRoot: process.getuid?.() === 0,
      socketPath: this.socketPath,
      pidFile: join(this.folder, 'pid'),
      logFile: join(this.folder, 'log'),
      maxConnections: 2000,
    }
    const network = [`--port=${this.port}`, '--bind-address=127.0.0.1']
    const certificate = tls === undefined ? [] : ['ca', 'cert', 'key'].map(name => `--ssl-${name}=${tls}/${name}.pem`)
    return [...runOptions(run), ...network, ...certificate, ...THROWAWAY, ...this.args]
  }

  private async ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS
    while (!(await greets(this.port))) {
      if (ended(child)) throw new Error(`${this.binary.path} did not start: ${this.log()}`)
      if (Date.now() > deadline) throw new Error(`${this.binary.path} is not ready after ${START_LIMIT_MS} ms`)
      await sleep(20)
    }
  }

  private log(): string {
    return lastError(readFileSync(join(this.folder, 'log'), 'utf8'))
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.child
    if (child === undefined || ended(child)) return
    child.kill(signal)
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await once(child, 'exit')
  }
}

function handleOf(server: ServerProcess, removeFolder: boolean): TestServer {
  const { binary, made, port, socketPath } = server
  const shutDown = async () => {
    // a frozen server does not handle TERM
    await server.signal('SIGCONT')
    await server.signal('SIGTERM')
  }
  const stop = async () => {
    if (!removeFolder) return shutDown()
    await server.signal('SIGKILL')
    await rm(server.folder, { recursive: true, force: true })
  }
  const ca = made.tls && join(made.tls, 'ca.pem')
  const address = { kind: binary.kind, version: binary.version, port, socketPath, ca, pid: 0 }
  const handle = {
    stop,
    kill: (signal: NodeJS.Signals) => server.signal(signal),
    restart: async () => {
      await shutDown()
      await server.start()
    },
    [Symbol.asyncDispose]: stop,
  }
  // a restart changes it
  const livePid = { enumerable: true, get: () => server.child?.pid ?? 0 }
  return Object.defineProperty(Object.assign(withDsn(address), handle), 'pid', livePid)
}

function withDsn(address: ServerAddress): SharedServer {
  return {
    ...address,
    dsn: (database = 'sera') => `sera:secret@tcp(127.0.0.1:${address.port})/${database}`,
    socketDsn: (database = 'sera') => `sera:secret@unix(${address.socketPath})/${database}`,
    rootDsn: (database = 'sera') => `root@unix(${address.socketPath})/${database}`,
  }
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Whether the port sends a greeting, as a ready server does. */
function greets(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 5000 })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', () => settle(true))
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => settle(false))
  })
}
