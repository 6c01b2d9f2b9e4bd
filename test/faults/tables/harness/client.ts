/** A process of clients. Each acquires the lock, reports it to the checker, works, reports the end, releases, and repeats. */
import { setTimeout as sleep } from 'node:timers/promises'
import { breakRule, INTACT } from './broken-rules.js'
import { CheckerClient } from './checker.js'
import { CLIENT_OPTIONS, type ClientOptions } from './client-options.js'
import { noteDroppedTransactions } from './dropped-transactions.js'
import { gatewayAdapter } from './gateway-adapter.js'
import { CountingJob } from './job.js'
import type { HeldByAdapter, LockAdapter } from './lock-adapter.js'
import { type TablesAdapter, tablesAdapter } from './tables-adapter.js'

class FaultClient {
  readonly #adapter: LockAdapter
  readonly #job: CountingJob | undefined

  constructor(
    readonly options: ClientOptions,
    readonly tables: TablesAdapter,
    readonly checkerClient: CheckerClient,
    index: number,
  ) {
    const { leaseMs, graceMs, job, name, guarded, gateways } = options
    this.#adapter = gateways ? gatewayAdapter(name, gateways, index, graceMs) : tables
    const limitMs = Math.min(5000, leaseMs / 4)
    const kind = gateways ? 'pool' : 'mutex'
    this.#job = job.length > 0 ? new CountingJob({ servers: job, kind, name, guarded, limitMs }, index) : undefined
  }

  async run(): Promise<void> {
    const { signal } = this.checkerClient
    while (!signal.aborted) {
      try {
        await (this.options.kind === 'counter' ? this.#add() : this.#holdOnce(signal))
        if (this.options.restMs) await sleep(this.options.restMs * Math.random())
      } catch (error) {
        if (signal.aborted) break
        this.checkerClient.note(`failed: ${describe(error)}`)
        await sleep(50 * Math.random())
      }
    }
    await this.#adapter.close()
    this.#job?.close()
  }

  async #holdOnce(signal: AbortSignal): Promise<void> {
    const lock = await this.#adapter.acquire(signal)
    const stop = lock.signal
    let ended: Promise<string> | undefined
    const end = () => {
      ended ??= this.checkerClient.end()
      return ended
    }
    const fenced = () => {
      this.checkerClient.note('fenced')
      void end()
    }
    stop.addEventListener('abort', fenced)
    try {
      await this.checkerClient.grant(lock.token)
      await this.#work(lock, this.options.heedless ? new AbortController().signal : stop)
    } catch (error) {
      if (!stop.aborted) this.checkerClient.note(`job: ${describe(error)}`)
    } finally {
      stop.removeEventListener('abort', fenced)
      await end()
      await lock.release().catch(error => this.checkerClient.note(`release: ${describe(error)}`))
    }
  }

  /** Reads both counters, waits, and writes both. */
  async #work({ token }: HeldByAdapter, stop: AbortSignal): Promise<void> {
    const value = await this.checkerClient.read()
    const row = await this.#job?.read(stop).catch(() => {
      if (!stop.aborted) this.checkerClient.note('job not done')
    })
    do await sleep(this.options.holdMs * Math.random(), undefined, { signal: stop })
    while (this.checkerClient.staying)
    if (this.#job && row !== undefined) await this.#write(this.#job, token, row + 1, stop)
    stop.throwIfAborted()
    await this.checkerClient.write(token, value + 1)
  }

  async #write(job: CountingJob, token: number, value: number, stop: AbortSignal): Promise<void> {
    try {
      this.checkerClient.note((await job.write(token, value, stop)) ? 'job done' : 'job refused by the token')
    } catch {
      if (!stop.aborted) this.checkerClient.note('job not done')
    }
  }

  async #add(): Promise<void> {
    await this.tables.add()
    this.checkerClient.note('added')
    await sleep(this.options.holdMs * Math.random())
  }
}

function describe(error: unknown): string {
  const { code, kind, message } = error as { code?: string; kind?: string; message?: string }
  return `${kind ?? code ?? 'error'} ${message ?? error}`.replace(/\s+/g, ' ').slice(0, 120)
}

const options = JSON.parse(process.env[CLIENT_OPTIONS] ?? '') as ClientOptions
const brokenStore = options.broken ? breakRule(options.broken, options) : INTACT
await Promise.all(
  Array.from({ length: options.clients }, async (_, index) => {
    const checkerClient = await CheckerClient.connect(options.checker, `${options.process}.${index}`)
    if (index === 0) noteDroppedTransactions(checkerClient)
    await new FaultClient(options, tablesAdapter(options, brokenStore, index), checkerClient, index).run()
  }),
)
process.exit(0)
