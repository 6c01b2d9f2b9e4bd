/** Runs one fault: a checker, clients in their own processes, proxies and gateways; reports the violations. */
import { randomUUID } from 'node:crypto'
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
import type { RecordedHold, Violations } from './ledger.js'
import { RestartableProcess } from './restartable-process.js'

/** SQL as an administrator, on a connection without faults; rows as texts. */
export type Sql = (statement: string) => Promise<string[][]>

export interface HarnessReport extends Violations {
  /** Lost updates of the counter in the database. */
  lostWrites: number
  writes: number
}

export interface HarnessOptions {
  sql: Sql
  /** DSNs for the job. */
  job: string[]
  /** A command that starts the clients and gateways, such as `ip netns exec blue`. */
  prefix?: string[]
  leaseMs?: number
  graceMs?: number
}

/** A holder that was releasing when `stay` was sent has released after this time. */
const RELEASED_BY_NOW_MS = 1000

const CLIENT_PROGRAM = fileURLToPath(new URL('client.js', import.meta.url))

export class Harness implements AsyncDisposable {
  readonly name = `fault-${randomUUID()}`
  readonly leaseMs: number
  readonly #processes: ClientProcess[] = []
  readonly #proxies: FaultyProxy[] = []
  readonly #gateways: GatewayProcess[] = []

  private constructor(
    readonly folder: string,
    readonly checker: Checker,
    readonly options: HarnessOptions,
  ) {
    this.leaseMs = options.leaseMs ?? 3000
  }

  static async open(options: HarnessOptions): Promise<Harness> {
    const folder = mkdtempSync(join(testFolder, 'harness-'))
    const harness = new Harness(folder, await Checker.start(join(folder, 'checker')), options)
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

  /** Starts clients in their own process. */
  clients(servers: string[], options: Partial<ClientOptions> = {}): ClientProcess {
    const { job, prefix = [], graceMs = 300 } = this.options
    const clients = new ClientProcess(prefix, {
      process: `process${this.#processes.length}`,
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
    this.#processes.push(clients)
    return clients
  }

  /** Starts a gateway of these servers, with the lock as a pool. */
  async gateway(servers: string[], { leaseMs = this.leaseMs, expireMs = this.leaseMs } = {}): Promise<GatewayProcess> {
    const { prefix = [] } = this.options
    const folder = join(this.folder, `gateway${this.#gateways.length}`)
    mkdirSync(folder)
    const gateway = await GatewayProcess.open({ folder, pool: this.name, expireMs, leaseMs, servers, prefix })
    this.#gateways.push(gateway)
    return gateway
  }

  async proxy(port: number): Promise<FaultyProxy> {
    const proxy = await startFaultyProxy(port)
    this.#proxies.push(proxy)
    return proxy
  }

  /**
   * Makes the next client of the process that gets the lock, or its client of that number, hold it until `letGo`. A
   * client that already holds the lock may be releasing it: it counts only if it still holds the lock a while later.
   */
  async detain({ name }: ClientProcess, client?: number): Promise<RecordedHold> {
    const prefix = `${name}.${client ?? ''}`
    this.checker.send('stay', prefix)
    const sentAt = performance.now()
    const mayEnd = this.holders.map(({ token }) => token)
    const stays = (token: number) => !mayEnd.includes(token) || performance.now() - sentAt > RELEASED_BY_NOW_MS
    const find = () => this.holders.find(({ who, token }) => who.startsWith(prefix) && stays(token))
    return await until(`${prefix} to hold`, find, { withinMs: 60_000, everyMs: 2 })
  }

  letGo(clients: ClientProcess): void {
    this.checker.send('go', `${clients.name}.`)
  }

  /** Waits until all clients are connected to the checker. */
  async connected(): Promise<void> {
    const clients = this.#processes.reduce((sum, { options }) => sum + options.clients, 0)
    await until('all clients', () => this.checker.connected === clients, { withinMs: 60_000 })
  }

  /** Waits for this many more grants. */
  async more(grants: number, withinMs = 300_000): Promise<void> {
    const goal = this.grants + grants
    await until(`${goal} grants`, () => this.grants >= goal, { withinMs })
  }

  async until(what: string, ask: () => boolean, withinMs = 60_000): Promise<void> {
    await until(what, ask, { withinMs })
  }

  /** Stops the clients, and adds the database's counts to the checker's report. */
  async finish(): Promise<HarnessReport> {
    const { sql } = this.options
    for (const proxy of this.#proxies) proxy.mend()
    this.checker.send('stop')
    await Promise.all(this.#processes.map(clients => clients.gone(30_000)))
    const [[value = ''] = []] = await sql(`SELECT value FROM fault_counter WHERE name = '${this.name}'`)
    const [[writes = ''] = []] = await sql(`SELECT COUNT(*) FROM fault_write WHERE name = '${this.name}'`)
    return { ...this.checker.ledger.violations(), writes: Number(writes), lostWrites: Number(writes) - Number(value) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#processes, ...this.#gateways]) one.signal('SIGKILL')
    await Promise.all(this.#proxies.map(proxy => proxy[Symbol.asyncDispose]()))
    await this.checker[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A process with one or more clients. */
export class ClientProcess extends RestartableProcess {
  constructor(
    prefix: readonly string[],
    readonly options: ClientOptions,
  ) {
    super([...prefix, process.execPath, CLIENT_PROGRAM], { [CLIENT_OPTIONS]: JSON.stringify(options) })
  }

  get name(): string {
    return this.options.process
  }
}
