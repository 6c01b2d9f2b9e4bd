/** Where a fault is made: a referee, teams of clients in processes of their own, and the verdict in the end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testFolder } from '../../support/environment.js'
import { until } from '../../support/until.js'
import type { Holding, Verdict } from './book.js'
import { Gateway } from './gateway.js'
import { JOB_TABLES } from './job.js'
import { Referee } from './referee.js'
import { TEAM_VARIABLE, type TeamOptions } from './team.js'
import { startWire, type Wire } from './wire.js'

/** SQL as an administrator, by a way that no fault touches: rows as texts. */
export type Sql = (statement: string) => Promise<string[][]>

export interface Report extends Verdict {
  /** Of the counter in the database. */
  lostWrites: number
  writes: number
}

export interface ArenaOptions {
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

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
const DIES_WITH_THE_TEST = ['--pdeathsig', 'KILL', '--']

export class Arena implements AsyncDisposable {
  readonly name = `fault-${randomUUID()}`
  readonly leaseMs: number
  readonly #teams: Team[] = []
  readonly #wires: Wire[] = []
  readonly #gateways: Gateway[] = []

  private constructor(
    readonly folder: string,
    readonly referee: Referee,
    readonly options: ArenaOptions,
  ) {
    this.leaseMs = options.leaseMs ?? 3000
  }

  static async open(options: ArenaOptions): Promise<Arena> {
    const folder = mkdtempSync(join(testFolder, 'arena-'))
    const arena = new Arena(folder, await Referee.sit(join(folder, 'referee')), options)
    for (const table of JOB_TABLES) await options.sql(table)
    await options.sql(`INSERT INTO fault_counter VALUES ('${arena.name}', 0)`)
    return arena
  }

  get holders(): Holding[] {
    return this.referee.book.holders
  }

  get grants(): number {
    return this.referee.book.grants
  }

  /** Clients in a process of their own. */
  team(servers: string[], options: Partial<TeamOptions> = {}): Team {
    const { job, prefix = [], graceMs = 300 } = this.options
    const team = new Team(prefix, {
      team: `team${this.#teams.length}`,
      clients: 1,
      referee: this.referee.path,
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
    this.#teams.push(team)
    return team
  }

  /** To these servers, with the lock as a pool. */
  async gateway(servers: string[], { leaseMs = this.leaseMs, expireMs = this.leaseMs } = {}): Promise<Gateway> {
    const { prefix = [] } = this.options
    const folder = join(this.folder, `gateway${this.#gateways.length}`)
    mkdirSync(folder)
    const gateway = await Gateway.open({ folder, pool: this.name, expireMs, leaseMs, servers, prefix })
    this.#gateways.push(gateway)
    return gateway
  }

  async wire(port: number): Promise<Wire> {
    const wire = await startWire(port)
    this.#wires.push(wire)
    return wire
  }

  /**
   * The next of the team to hold, or its client of that number when it does, goes on holding until it is let go. Whoever holds
   * already may be about to end, or has heard it in time and stays.
   */
  async detain({ name }: Team, client?: number): Promise<Holding> {
    const prefix = `${name}.${client ?? ''}`
    this.referee.tell('stay', prefix)
    const toldAt = performance.now()
    const mayEnd = this.holders.map(({ token }) => token)
    const stays = (token: number) => !mayEnd.includes(token) || performance.now() - toldAt > ENDED_BY_NOW_MS
    const find = () => this.holders.find(({ who, token }) => who.startsWith(prefix) && stays(token))
    return await until(`${prefix} to hold`, find, { withinMs: 60_000, everyMs: 2 })
  }

  letGo(team: Team): void {
    this.referee.tell('go', `${team.name}.`)
  }

  /** Everybody has come. */
  async assembled(): Promise<void> {
    const all = this.#teams.reduce((sum, { options }) => sum + options.clients, 0)
    await until('everybody', () => this.referee.present === all, { withinMs: 60_000 })
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
  async finish(): Promise<Report> {
    const { sql } = this.options
    for (const wire of this.#wires) wire.mend()
    this.referee.tell('stop')
    await Promise.all(this.#teams.map(team => team.gone(30_000)))
    const [[value = ''] = []] = await sql(`SELECT value FROM fault_counter WHERE name = '${this.name}'`)
    const [[writes = ''] = []] = await sql(`SELECT COUNT(*) FROM fault_write WHERE name = '${this.name}'`)
    return { ...this.referee.book.verdict(), writes: Number(writes), lostWrites: Number(writes) - Number(value) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#teams, ...this.#gateways]) one.signal('SIGKILL')
    await Promise.all(this.#wires.map(wire => wire[Symbol.asyncDispose]()))
    await this.referee[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class Team {
  #process: ChildProcess

  constructor(
    readonly prefix: string[],
    readonly options: TeamOptions,
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
    const env = { PATH: process.env.PATH, [TEAM_VARIABLE]: JSON.stringify(this.options) }
    return spawn('setpriv', words, { stdio: ['ignore', 'inherit', 'inherit'], env })
  }
}
