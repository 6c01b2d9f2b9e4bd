/** One command under guard, from its start to the moment when nothing of it is left; see `hold.ts` for the rules. */
import { Child } from '../child/child.js'
import { checkExecutable } from '../child/executable.js'
import { recipientOf } from '../child/forwarding.js'
import { Guard, type GuardEnd, type GuardOptions } from '../child/guard.js'
import { readProcess } from '../child/process-table.js'
import { after, sleep } from '../clock.js'
import { formatDuration } from '../config/duration.js'
import { type OnLost, SAFETY_MARGIN_MS } from '../config/settings.js'
import { SeraError, unreachable } from '../errors.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import type { HeldLock } from '../store/port.js'

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

/** Whoever sends these does not want the lock kept after the command has ended. */
const ENDS_THE_RUN: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']

const NO_ANSWER = 'no answer from the server until the deadline (was sera stopped?)'

export class GuardedRun {
  readonly #ownGroup: boolean
  #guard: Guard
  #guardEnd: GuardEnd | undefined
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
    this.#guard = this.#employ(prepared ?? this.#startGuard())
  }

  /** Starts the child and sees it to its end. */
  async outcome(): Promise<Outcome> {
    const stopListening = this.host.onSignal(signal => this.#forward(signal))
    this.#keep()
    try {
      const child = await this.#start()
      const cancel = after(this.job.runAtMostMs, () => this.#overran())
      const exitCode = await child.exited
      cancel()
      await this.#settleGuard()
      return this.#verdict(exitCode)
    } finally {
      stopListening()
      this.#guard.dismiss()
    }
  }

  /** Keeps the lock for `ms` more, or until a signal or its loss. */
  async holdOn(ms: number): Promise<void> {
    if (ms <= 0) return
    const stopListening = this.host.onSignal(signal => signal.startsWith('SIGUSR') || this.#enough.abort())
    await sleep(ms, this.#enough.signal).catch(() => {})
    stopListening()
  }

  get noticedLoss(): boolean {
    return this.#lostFor !== undefined
  }

  async #start(): Promise<Child> {
    checkExecutable(this.job.command[0] ?? '', this.job.env.PATH)
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
    this.#guard.watch(this.#child.pid)
    if (this.#guardEnd !== undefined) this.#replaceGuard() // it ended before there was a child
    return this.#child
  }

  /** When the child must be ended at the latest for it to be gone before anybody else can have the lock. */
  #fence(): number {
    if (this.job.onLost === 'ignore') return Number.POSITIVE_INFINITY
    return this.lock.until - this.job.graceMs - SAFETY_MARGIN_MS
  }

  #startGuard(): Guard {
    return new Guard({ ...guardTimes(this.job), marker: this.job.marker, lifeline: this.lock.lifeline })
  }

  #employ(guard: Guard): Guard {
    guard.extend(this.#fence())
    void guard.ended.then(end => this.#guardEnded(guard, end))
    return guard
  }

  /** A guard that somebody killed is replaced: no command runs without one. */
  #guardEnded(guard: Guard, end: GuardEnd): void {
    if (guard !== this.#guard) return
    this.#guardEnd = end
    if ((end === 'failed' || end === 'gone') && this.#child?.running) this.#replaceGuard()
  }

  #replaceGuard(): void {
    const former = this.#guard
    try {
      this.#guard = this.#employ(this.#startGuard())
    } catch (error) {
      // no second process to be had: the command can't be guarded, nor ended gently
      this.#forced ??= { kind: 'lost', reason: (error as Error).message }
      this.#child?.signal('SIGKILL', true, this.host.kill)
      return
    }
    this.#guardEnd = undefined
    if (this.#child) this.#guard.watch(this.#child.pid)
    if (this.#forced) this.#guard.end()
    former.dismiss()
  }

  #keep(): void {
    this.lock.keep({
      renewed: () => this.#guard.extend(this.#fence()),
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
    if (!reclaimed || this.#guard.acting || this.host.clock.boot() >= fence) return this.#lose(reason)
    this.#lostFor = undefined
    this.job.warn(`lock reclaimed after it was lost (${reason}); the command goes on`)
    this.#keep()
    if (this.#child?.running) this.#replaceGuard()
  }

  #overran(): void {
    this.#end({ kind: 'overran', reason: `it ran longer than ${formatDuration(this.job.runAtMostMs)}` })
  }

  #lose(reason: string): void {
    const holdingOn = !this.#child?.running && !this.#enough.signal.aborted
    if (holdingOn)
      this.job.warn(`the lock was lost after the command had ended, while --hold-at-least kept it (${reason})`)
    this.#enough.abort()
    this.#end({ kind: 'lost', reason })
  }

  #end(outcome: Outcome): void {
    if (!this.#child?.running) return
    this.#forced ??= outcome
    this.#guard.end()
  }

  /** While force is at work, the child's end is not the end of all that it started. */
  async #settleGuard(): Promise<void> {
    const force = this.#forced !== undefined || this.#guard.acting
    this.#guard.dismiss()
    if (force) this.#guardEnd = await this.#guard.ended
  }

  #verdict(exitCode: number): Outcome {
    if (this.#forced) return this.#forced
    if (this.#guardEnd === 'deadline') {
      const reason = this.#lostFor ?? this.lock.trouble ?? NO_ANSWER
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
