/** One command under guard, from its start until nothing of it is left; `hold-lock.ts` has the rules. */
import { Child } from '../child/child.js'
import { checkExecutable } from '../child/executable.js'
import { Family } from '../child/family.js'
import { recipientOf } from '../child/forwarding.js'
import { Guard, type GuardOptions } from '../child/guard.js'
import { readProcess } from '../child/process-table.js'
import type { HeldLock } from '../claims/lock.js'
import { sleep } from '../clock.js'
import { formatDuration } from '../config/duration.js'
import type { OnLost } from '../config/settings.js'
import { SeraError, unreachable } from '../errors.js'
import { fenceOf } from '../fence.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { GuardDuty } from './guard-duty.js'

export interface Job {
  command: readonly string[]
  env: NodeJS.ProcessEnv
  /** The child's entry in SERA_HELD. */
  marker: string
  leaseMs: number
  graceMs: number
  onLost: OnLost
  /** The child does not inherit the lifeline. */
  close: boolean
  holdAtLeastMs: number
  runAtMostMs: number
  /** Something went wrong that the command may survive. */
  warn: (message: string) => void
}

type GuardTimes = Pick<GuardOptions, 'graceMs' | 'tickMs'>

/** The grace, and how often the guard looks at the clock, which must be much less than grace and lease. */
export function guardTimes({ leaseMs, graceMs }: Pick<Job, 'leaseMs' | 'graceMs'>): GuardTimes {
  return { graceMs, tickMs: Math.max(50, Math.min(1000, leaseMs / 30, graceMs / 5)) }
}

/** Signals that end the run, and so `--hold-at-least` too. */
const ENDS_THE_RUN: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']

const UNABLE = 'its guard could not work on (are there too many processes?)'
const NO_ANSWER = 'no answer from the server until the deadline (was sera stopped?)'

export class GuardedRun {
  readonly #ownGroup: boolean
  readonly #duty: GuardDuty
  #child: Child | undefined
  /** Why the child is being ended; the first reason counts. */
  #forced: Outcome | undefined
  #lostFor: string | undefined
  /** Ends what follows the child, see `holdOn`. */
  readonly #enough = new AbortController()

  constructor(
    readonly lock: HeldLock,
    readonly job: Job,
    readonly host: Host,
    /** A guard with this lock's lifeline, started while the lock was waited for. */
    prepared?: Guard,
  ) {
    const self = readProcess('self')
    if (!self) throw new SeraError('lock-failed', 'sera needs /proc to guard a command (Linux); nothing was run')
    this.#ownGroup = !self.terminal
    this.#duty = new GuardDuty(
      {
        ...guardTimes(job),
        clock: host.clock,
        start: () => this.#startGuard(),
        fence: () => this.#fence(),
        familyOf: ({ pid, running }) =>
          new Family({ pid, running, ownGroup: this.#ownGroup, marker: job.marker, kill: host.kill }),
        kill: host.kill,
        onForce: reason => {
          this.#forced ??= { kind: 'lost', reason: [this.#trouble ?? [], reason].flat().join('; ') }
        },
      },
      prepared ?? this.#firstGuard(),
    )
  }

  /** Starts the child and sees it to its end. */
  async outcome(): Promise<Outcome> {
    const stopListening = this.host.onSignal(signal => this.#forward(signal))
    this.#keep()
    try {
      const child = await this.#start()
      const cancel = this.host.clock.after(this.job.runAtMostMs, () => this.#overran())
      const exitCode = await child.exited
      cancel()
      await this.#duty.settle(this.#forced !== undefined)
      return this.#verdict(exitCode)
    } finally {
      stopListening()
      this.#duty.dismiss()
    }
  }

  /** Keeps the lock for `ms` more, or until a signal or its loss. */
  async holdOn(ms: number): Promise<void> {
    if (ms <= 0) return
    const stopListening = this.host.onSignal(signal => signal.startsWith('SIGUSR') || this.#enough.abort())
    await sleep(this.host.clock, ms, this.#enough.signal).catch(() => {})
    stopListening()
  }

  get noticedLoss(): boolean {
    return this.#lostFor !== undefined
  }

  async #start(): Promise<Child> {
    checkExecutable(this.job.command[0] ?? '', this.job.env.PATH)
    if (this.#lostFor !== undefined && this.job.onLost !== 'ignore') {
      throw new SeraError(
        'lock-failed',
        `the lock was lost before the command started (${this.#lostFor}); nothing was run`,
      )
    }
    if (this.host.clock.boot() >= this.#fence()) {
      throw new SeraError(
        'lock-failed',
        'the lock was granted too late to be safe (was sera stopped?); nothing was run',
      )
    }
    this.#child = await Child.start({
      command: this.job.command,
      env: this.job.env,
      descriptors: this.host.descriptors,
      lifeline: this.job.close ? undefined : this.lock.lifeline,
      ownGroup: this.#ownGroup,
      ignored: this.host.ignored,
    })
    this.#duty.watch(this.#child)
    if (this.#forced) this.#duty.order() // the lock was lost while the command started
    return this.#child
  }

  /** When the child must be ended, so that it is gone before another participant can have the lock. */
  #fence(): number {
    if (this.job.onLost === 'ignore') return Number.POSITIVE_INFINITY
    return fenceOf(this.lock.until, this.job.graceMs)
  }

  #startGuard(): Guard {
    const { marker } = this.job
    return new Guard({ ...guardTimes(this.job), marker, lifeline: this.lock.lifeline, path: this.host.env.PATH })
  }

  #firstGuard(): Guard {
    try {
      return this.#startGuard()
    } catch (cause) {
      throw new SeraError('lock-failed', `${(cause as Error).message}; nothing was run`, { cause })
    }
  }

  #keep(): void {
    this.lock.keep({
      renewed: () => this.#duty.extend(),
      broken: reason => void this.#broken(reason),
    })
  }

  async #broken(reason: string): Promise<void> {
    this.#lostFor = reason
    switch (this.job.onLost) {
      case 'ignore':
        this.#enough.abort()
        return this.job.warn(`lock lost (${reason}); the command goes on, as --on-lost ignore says`)
      case 'terminate':
        return this.#lose(reason)
      case 'reclaim':
        return await this.#reclaim(reason)
      default:
        return unreachable(this.job.onLost)
    }
  }

  async #reclaim(reason: string): Promise<void> {
    const fence = this.#fence()
    const reclaimed = await this.lock.reclaim(fence)
    if (!reclaimed || this.#duty.acting || this.host.clock.boot() >= fence) return this.#lose(reason)
    this.#lostFor = undefined
    this.job.warn(`lock reclaimed after it was lost (${reason}); the command goes on`)
    this.#keep()
    if (this.#child?.running) this.#duty.replace()
  }

  #overran(): void {
    this.#end({ kind: 'overran', reason: `it ran longer than ${formatDuration(this.job.runAtMostMs)}` })
  }

  #lose(reason: string): void {
    const holdingOn = this.#child?.running === false && !this.#enough.signal.aborted
    if (holdingOn)
      this.job.warn(`the lock was lost after the command had ended, while --hold-at-least kept it (${reason})`)
    this.#enough.abort()
    this.#end({ kind: 'lost', reason })
  }

  #end(outcome: Outcome): void {
    if (this.#child?.running === false) return
    this.#forced ??= outcome
    if (this.#child) this.#duty.order()
  }

  /** Why the lock is not proven to be held. */
  get #trouble(): string | undefined {
    return this.#lostFor ?? this.lock.trouble
  }

  #verdict(exitCode: number): Outcome {
    if (this.#forced) return this.#forced
    if (this.#duty.end === 'deadline' || this.#duty.end === 'unable') {
      const reason = this.#duty.end === 'unable' ? UNABLE : (this.#trouble ?? NO_ANSWER)
      return { kind: 'lost', reason }
    }
    if (this.#lostFor !== undefined && this.job.onLost !== 'ignore') {
      this.job.warn(`the lock was lost shortly before the command ended (${this.#lostFor})`)
    }
    return { kind: 'ran', exitCode }
  }

  #forward(signal: NodeJS.Signals): void {
    const situation = { ownGroup: this.#ownGroup, self: readProcess('self'), pid: this.host.pid }
    const recipient = recipientOf(signal, situation)
    if (recipient !== 'nobody') this.#child?.signal(signal, recipient === 'group', this.host.kill)
    if (ENDS_THE_RUN.includes(signal)) this.#enough.abort()
  }
}
