/** Where a fault is made: a referee, teams of clients in processes of their own, and the verdict in the end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testFolder } from '../../../support/environment.js'
import { type FaultyProxy, startFaultyProxy } from '../../../support/faulty-proxy.js'
import { until } from '../../../support/until.js'
import { Checker } from './checker.js'
import { CLIENT_OPTIONS, type ClientOptions } from './client-options.js'
import { GatewayProcess } from './gateway.js'
import { JOB_TABLES } from './job.js'
import type { RecordedHold, Violations } from './verdict.js'

/** SQL as an administrator, by a way that no fault touches: rows as texts. */
export type Sql = (statement: string) => Promise<string[][]>

export interface HarnessReport extends Violations {
  /** Of the counter in the database. */
  lostWrites: number
  writes: number
}

export interface HarnessOptions {
  sql: Sql
  /** DSNs for the job. */
  job: string[]
  /** A command that starts the teams, such as `ip netns exec blue`. */
  prefix?: string[]
  leaseMs?: number
  graceMs?: number
}

/** Whoever was about to end a turn has ended it. */
const ENDED_BY_NOW_MS = 1000

const WORKER = fileURLToPath(new URL('client.js', import.meta.url))
const DIES_WITH_THE_TEST = ['--pdeathsig', 'KILL', '--']

export class Harness implements AsyncDisposable {
  readonly name = `fault-${randomUUID()}`
  readonly leaseMs: number
  readonly #teams: ClientProcess[] = []
  readonly #wires: FaultyProxy[] = []
  readonly #gateways: GatewayProcess[] = []

  private constructor(
    readonly folder: string,
    readonly checker: Checker,
    readonly options: HarnessOptions,
  ) {
    this.leaseMs = options.leaseMs ?? 3000
  }

  static async open(options: HarnessOptions): Promise<Harness> {
    const folder = mkdtempSync(join(testFolder, 'arena-'))
    const harness = new Harness(folder, await Checker.sit(join(folder, 'referee')), options)
    for (const table of JOB_TABLES) await options.sql(table)
    await options.sql(`INSERT INTO fault_counter VALUES ('${harness.name}', 0)`)
    return harness
  }

  get holders(): RecordedHold[] {
    return this.checker.ledger.holders
  }

  get grants(): number {
    return this.checker.ledger.grants
  }

  /** Clients in a process of their own. */
  team(servers: string[], options: Partial<ClientOptions> = {}): ClientProcess {
    const { job, prefix = [], graceMs = 300 } = this.options
    const clients = new ClientProcess(prefix, {
      team: `team${this.#teams.length}`,
      clients: 1,
      checker: this.checker.path,
      name: this.name,
      servers,
      pinned: false,
      leaseMs: this.leaseMs,
      graceMs,
      holdMs: 10,
      job,
      guarded: true,
      heedless: false,
      kind: 'mutex',
      ...options,
    })
    this.#teams.push(clients)
    return clients
  }

  /** To these servers, with the lock as a pool. */
  async gateway(servers: string[], { leaseMs = this.leaseMs, expireMs = this.leaseMs } = {}): Promise<GatewayProcess> {
    const { prefix = [] } = this.options
    const folder = join(this.folder, `gateway${this.#gateways.length}`)
    mkdirSync(folder)
    const gateway = await GatewayProcess.open({ folder, pool: this.name, expireMs, leaseMs, servers, prefix })
    this.#gateways.push(gateway)
    return gateway
  }

  async wire(port: number): Promise<FaultyProxy> {
    const proxy = await startFaultyProxy(port)
    this.#wires.push(proxy)
    return proxy
  }

  /**
   * The next of the team to hold, or its client of that number when it does, goes on holding until it is let go. Whoever holds
   * already may be about to end, or has heard it in time and stays.
   */
  async detain({ name }: ClientProcess, client?: number): Promise<RecordedHold> {
    const prefix = `${name}.${client ?? ''}`
    this.checker.tell('stay', prefix)
    const toldAt = performance.now()
    const mayEnd = this.holders.map(({ token }) => token)
    const stays = (token: number) => !mayEnd.includes(token) || performance.now() - toldAt > ENDED_BY_NOW_MS
    const find = () => this.holders.find(({ who, token }) => who.startsWith(prefix) && stays(token))
    return await until(`${prefix} to hold`, find, { withinMs: 60_000, everyMs: 2 })
  }

  letGo(clients: ClientProcess): void {
    this.checker.tell('go', `${clients.name}.`)
  }

  /** Everybody has come. */
  async assembled(): Promise<void> {
    const all = this.#teams.reduce((sum, { options }) => sum + options.clients, 0)
    await until('everybody', () => this.checker.present === all, { withinMs: 60_000 })
  }

  /** So many more grants. */
  async more(grants: number, withinMs = 300_000): Promise<void> {
    const goal = this.grants + grants
    await until(`${goal} grants`, () => this.grants >= goal, { withinMs })
  }

  async until(what: string, ask: () => boolean, withinMs = 60_000): Promise<void> {
    await until(what, ask, { withinMs })
  }

  /** All teams go home; what the referee and the database have counted. */
  async finish(): Promise<HarnessReport> {
    const { sql } = this.options
    for (const proxy of this.#wires) proxy.mend()
    this.checker.tell('stop')
    await Promise.all(this.#teams.map(clients => clients.gone(30_000)))
    const [[value = ''] = []] = await sql(`SELECT value FROM fault_counter WHERE name = '${this.name}'`)
    const [[writes = ''] = []] = await sql(`SELECT COUNT(*) FROM fault_write WHERE name = '${this.name}'`)
    return { ...this.checker.ledger.verdict(), writes: Number(writes), lostWrites: Number(writes) - Number(value) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#teams, ...this.#gateways]) one.signal('SIGKILL')
    await Promise.all(this.#wires.map(proxy => proxy[Symbol.asyncDispose]()))
    await this.checker[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class ClientProcess {
  #process: ChildProcess

  constructor(
    readonly prefix: string[],
    readonly options: ClientOptions,
  ) {
    this.#process = this.#start()
  }

  get name(): string {
    return this.options.team
  }

  /** SIGKILL, and the same again. */
  async replace(): Promise<void> {
    this.signal('SIGKILL')
    await this.gone(10_000)
    this.#process = this.#start()
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#process.kill(signal)
  }

  /** Gone by itself in this time, or by force. */
  async gone(withinMs: number): Promise<void> {
    if (!this.#running) return
    const timer = setTimeout(() => this.signal('SIGKILL'), withinMs)
    this.signal('SIGCONT')
    await once(this.#process, 'exit')
    clearTimeout(timer)
  }

  get #running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  #start(): ChildProcess {
    const words = [...DIES_WITH_THE_TEST, ...this.prefix, process.execPath, WORKER]
    const env = { PATH: process.env.PATH, [CLIENT_OPTIONS]: JSON.stringify(this.options) }
    return spawn('setpriv', words, { stdio: ['ignore', 'inherit', 'inherit'], env })
  }
}
