/** A team of clients: each takes the lock, tells the referee, works, tells the referee, gives it back, and again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { Counter } from '../../../src/primitives/counter.js'
import type { Lock } from '../../../src/primitives/lock.js'
import { Mutex } from '../../../src/primitives/mutex.js'
import { Participant } from '../../../src/primitives/participant.js'
import { attributesOf } from '../../../src/store/connect.js'
import { LockTables } from '../../../src/store/lock-tables.js'
import { ownerOf } from '../../../src/store/owner.js'
import { troubled } from './altered.js'
import { type Breakage, breakRule, INTACT } from './broken.js'
import { noteDroppedTransactions } from './dropped.js'
import { Job } from './job.js'
import { Whistle } from './referee.js'
import { TEAM_VARIABLE, type TeamOptions } from './team.js'

const MAX_CLOCK_SKEW_MS = 30_000

class Client {
  readonly #participant: Participant
  readonly #job: Job | undefined

  constructor(
    readonly team: TeamOptions,
    readonly breakage: Breakage,
    readonly whistle: Whistle,
    index: number,
  ) {
    const { servers, leaseMs, graceMs, job, name, guarded } = team
    const at = index % servers.length
    const others = team.pinned ? [] : [...servers.slice(at + 1), ...servers.slice(0, at)]
    const store = new LockTables({
      servers: [servers[at] ?? '', ...others].map(dsn => parseDsn(dsn)),
      owner: ownerOf(process.pid, [`${team.team}.${index}`]),
      attributes: attributesOf(process.pid, [team.team]),
      leaseMs,
      connectWaitMs: 60_000,
      namespace: '',
      clock: systemClock,
      random: Math.random,
    })
    const skew = { maxClockSkewMs: breakage.maxClockSkewMs ?? MAX_CLOCK_SKEW_MS }
    this.#participant = new Participant(breakage.store(troubled(store, team)), {
      clock: systemClock,
      leaseMs,
      graceMs,
      ...skew,
    })
    const limitMs = Math.min(5000, leaseMs / 4)
    this.#job = job.length > 0 ? new Job({ servers: job, name, guarded, limitMs }, index) : undefined
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
    await this.#participant.close()
    this.#job?.close()
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const lock = await new Mutex(this.#participant, this.team.name).acquire({ signal })
    const stop = this.breakage.selfFencing ? lock.signal : new AbortController().signal
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
  async #work({ token }: Lock, stop: AbortSignal): Promise<void> {
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
    await new Counter(this.#participant, this.team.name).add(1)
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
    await new Client(team, breakage, whistle, index).play()
  }),
)
process.exit(0)
