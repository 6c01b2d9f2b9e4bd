/** A team of clients: each takes the lock, tells the referee, works, tells the referee, gives it back, and again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type AtTables, atTables } from './at-tables.js'
import { breakRule, INTACT } from './broken.js'
import { byGateway } from './by-gateway.js'
import { noteDroppedTransactions } from './dropped.js'
import { Job } from './job.js'
import { Whistle } from './referee.js'
import { TEAM_VARIABLE, type TeamOptions } from './team.js'
import type { Held, Way } from './way.js'

class Client {
  readonly #way: Way
  readonly #job: Job | undefined

  constructor(
    readonly team: TeamOptions,
    readonly tables: AtTables,
    readonly whistle: Whistle,
    index: number,
  ) {
    const { leaseMs, graceMs, job, name, guarded, gateways } = team
    this.#way = gateways ? byGateway(name, gateways, index, graceMs) : tables
    const limitMs = Math.min(5000, leaseMs / 4)
    const kind = gateways ? 'pool' : 'mutex'
    this.#job = job.length > 0 ? new Job({ servers: job, kind, name, guarded, limitMs }, index) : undefined
  }

  async play(): Promise<void> {
    const { signal } = this.whistle
    while (!signal.aborted) {
      try {
        await (this.team.kind === 'counter' ? this.#add() : this.#turn(signal))
        if (this.team.restMs) await sleep(this.team.restMs * Math.random())
      } catch (error) {
        if (signal.aborted) break
        this.whistle.note(`failed: ${describe(error)}`)
        await sleep(50 * Math.random())
      }
    }
    await this.#way.close()
    this.#job?.close()
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const lock = await this.#way.take(signal)
    const stop = lock.signal
    let ended: Promise<string> | undefined
    const end = () => {
      ended ??= this.whistle.end()
      return ended
    }
    const fenced = () => {
      this.whistle.note('fenced')
      void end()
    }
    stop.addEventListener('abort', fenced)
    try {
      await this.whistle.grant(lock.token)
      await this.#work(lock, this.team.heedless ? new AbortController().signal : stop)
    } catch (error) {
      if (!stop.aborted) this.whistle.note(`job: ${describe(error)}`)
    } finally {
      stop.removeEventListener('abort', fenced)
      await end()
      await lock.release().catch(error => this.whistle.note(`release: ${describe(error)}`))
    }
  }

  /** Both counters are read, time passes, both are written. */
  async #work({ token }: Held, stop: AbortSignal): Promise<void> {
    const value = await this.whistle.read()
    const row = await this.#job?.read(stop).catch(() => {
      if (!stop.aborted) this.whistle.note('job not done')
    })
    do await sleep(this.team.holdMs * Math.random(), undefined, { signal: stop })
    while (this.whistle.staying)
    if (this.#job && row !== undefined) await this.#write(this.#job, token, row + 1, stop)
    stop.throwIfAborted()
    await this.whistle.write(token, value + 1)
  }

  async #write(job: Job, token: number, value: number, stop: AbortSignal): Promise<void> {
    try {
      this.whistle.note((await job.write(token, value, stop)) ? 'job done' : 'job refused by the token')
    } catch {
      if (!stop.aborted) this.whistle.note('job not done')
    }
  }

  async #add(): Promise<void> {
    await this.tables.add()
    this.whistle.note('added')
    await sleep(this.team.holdMs * Math.random())
  }
}

function describe(error: unknown): string {
  const { code, kind, message } = error as { code?: string; kind?: string; message?: string }
  return `${kind ?? code ?? 'error'} ${message ?? error}`.replace(/\s+/g, ' ').slice(0, 120)
}

const team = JSON.parse(process.env[TEAM_VARIABLE] ?? '') as TeamOptions
const breakage = team.broken ? breakRule(team.broken, team) : INTACT
await Promise.all(
  Array.from({ length: team.clients }, async (_, index) => {
    const whistle = await Whistle.pickUp(team.referee, `${team.team}.${index}`)
    if (index === 0) noteDroppedTransactions(whistle)
    await new Client(team, atTables(team, breakage, index), whistle, index).play()
  }),
)
process.exit(0)
