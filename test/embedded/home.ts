/** A state folder for one test, and observations of its embedded server from outside. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import mysql from 'mysql2/promise'
import type { ServerBinary, ServerKind } from '../../src/embedded/binary.js'
import { environmentAt, testFolder } from '../support/environment.js'
import { serverBinary } from '../support/servers.js'

const FIXTURE = join(import.meta.dirname, 'fixtures/embedded.js')

/** The kinds of server on this machine. */
export const KINDS = await kinds()

async function kinds(): Promise<ServerKind[]> {
  const binaries = await Promise.all([serverBinary('mariadb'), serverBinary('mysql')])
  return binaries.filter(binary => binary !== undefined).map(binary => binary.kind)
}

export interface HomeResult {
  kind?: string
  message?: string
  socketPath?: string
  line?: string
  status?: { state: string; pid?: number; clients?: number; server?: ServerBinary }
}

export class Home {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv

  private constructor(
    readonly root: string,
    program: string,
  ) {
    this.folder = join(root, 'sera/embedded')
    this.env = { ...environmentAt(root), SERA_MYSQLD: program }
  }

  /** The folder is removed after the test, and its server is stopped. */
  static async for(t: ExecutionContext, kind: ServerKind): Promise<Home> {
    const binary = await serverBinary(kind)
    const home = new Home(await mkdtemp(join(testFolder, 'embedded-')), binary?.path ?? '')
    t.teardown(async () => {
      for (const pid of home.serverPids()) process.kill(pid, 'SIGKILL')
      await rm(home.root, { recursive: true, force: true, maxRetries: 5 })
    })
    return home
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Starts a process that runs one action. */
  spawn(action: string, options: SpawnOptions = {}): ChildProcess {
    return spawn(process.execPath, [FIXTURE, ...action.split(' ')], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'inherit'],
      ...options,
    })
  }

  /** Runs one action and returns its output. */
  async run(action: string, options: SpawnOptions = {}): Promise<HomeResult> {
    const child = this.spawn(action, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const [printed, complaint] = await Promise.all([text(child.stdout!), text(child.stderr!)])
    if (printed === '') throw new Error(`"${action}" printed nothing, and said: ${complaint}`)
    return JSON.parse(printed) as HomeResult
  }

  /** Replaces the server program by a shell script; `$REAL` is the program. */
  async wrap(script: string): Promise<void> {
    const wrapper = join(this.root, 'mysqld')
    await writeFile(
      wrapper,
      `#!/bin/sh\nREAL=${this.env.SERA_MYSQLD} ROOT=${this.root}\n${script}\nexec "$REAL" "$@"\n`,
      {
        mode: 0o755,
      },
    )
    this.env.SERA_MYSQLD = wrapper
  }

  /** The calls of the wrapper, one a line. */
  calls(pattern: RegExp): string[] {
    const file = join(this.root, 'calls')
    return existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(line => pattern.test(line))
      : []
  }

  /** The live initialisers and servers of this folder. */
  serverPids(): number[] {
    return processes(argv => argv.some(word => word.startsWith(`--datadir=${this.root}`)))
  }

  watcherPids(): number[] {
    return processes(argv => argv[0] === 'sh' && argv.includes('sera-embedded') && argv.includes(this.folder))
  }

  client(): Promise<mysql.Connection> {
    return mysql.createConnection({ socketPath: this.path('sera.sock'), user: 'root' })
  }

  /** Makes a program of the watcher pause before or after its work, until `goOn`; its later runs are counted. */
  async pause(program: string, when: 'before' | 'after'): Promise<void> {
    this.env.SERA_EMBEDDED_IDLE = '20s'
    const bin = join(this.root, 'bin')
    await mkdir(bin)
    const stop = `if [ ! -e ${this.paused} ]; then : >${this.paused}; while [ ! -e ${this.root}/go ]; do sleep 0.02; done; fi`
    const work = `${which(program)} "$@"; code=$?`
    const steps = when === 'before' ? [stop, work] : [work, stop]
    const script = ['#!/bin/sh', ...steps, `echo >>${this.root}/resumed`, 'exit $code']
    await writeFile(join(bin, program), script.join('\n'), { mode: 0o755 })
    this.env.PATH = `${bin}:${this.env.PATH}`
  }

  get paused(): string {
    return join(this.root, 'paused')
  }

  async goOn(): Promise<void> {
    await writeFile(join(this.root, 'go'), '')
  }

  /** How often the paused program has run. */
  resumed(): number {
    const file = join(this.root, 'resumed')
    return existsSync(file) ? readFileSync(file, 'utf8').length : 0
  }

  /** Sets the last use of the server to an hour ago. */
  async wantedLongAgo(): Promise<void> {
    const then = new Date(Date.now() - 3_600_000)
    await utimes(this.path('used'), then, then)
  }

  /** Connects as sera does. On a slow machine the server may stop first; then it is started again. */
  async connected(): Promise<mysql.Connection> {
    await this.run('ensure')
    try {
      return await this.client()
    } catch (error) {
      if (!/ENOENT|ECONNREFUSED/.test((error as NodeJS.ErrnoException).code ?? '')) throw error
      return this.connected()
    }
  }

  log(): string {
    return readFileSync(this.path('server.log'), 'utf8')
  }

  /** Damages the data. */
  async corrupt(): Promise<void> {
    const data = readdirSync(this.folder).find(name => name.startsWith('data-')) ?? ''
    const files = ['ib_logfile0', 'ibdata1', 'aria_log_control', 'mysql.ibd'].map(name => join(this.folder, data, name))
    for (const file of files) if (existsSync(file)) await writeFile(file, 'no data')
  }
}

function which(program: string): string {
  const folder = (process.env.PATH ?? '').split(':').find(folder => existsSync(join(folder, program)))
  return join(folder ?? '/bin', program)
}

function processes(matches: (argv: string[]) => boolean): number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.filter(pid => matches(readProc(pid, 'cmdline').split('\0'))).map(Number)
}

/** A file in /proc of a process; '' if the process has ended. */
export function readProc(pid: string | number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

/** Whether a process waits for the lock on a file. In a container, /proc/locks omits locks whose taker has ended. */
export function waitsForLock(path: string): boolean {
  const waiting = processes(argv => argv[0] === 'flock' && !argv.includes('-n'))
  return waiting.some(pid => {
    try {
      return readlinkSync(`/proc/${pid}/fd/3`) === path
    } catch {
      return false
    }
  })
}

/** Waits for a condition. The limit only ends a test that has failed. */
export async function until(what: string, condition: () => unknown, limitMs = 60_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
    await sleep(10)
  }
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
