/** Runs one command under guard, until every process of it has ended; `hold-lock.ts` has the rules. */
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
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { GuardDuty } from './guard-duty.js'
import { LossPolicy } from './loss-policy.js'

export interface Job {
  command: readonly string[]
  env: NodeJS.ProcessEnv
  /** The child's entry in SERA_HELD. */
  marker: string
  leaseMs: number
  graceMs: number
  onLost: OnLost
  /** Do not pass the lifeline on to the child. */
  close: boolean
  holdAtLeastMs: number
  runAtMostMs: number
  /** Reports a problem that does not end the command. */
  warn: (message: string) => void
}

type GuardTimes = Pick<GuardOptions, 'graceMs' | 'tickMs'>

/** The grace, and the interval at which the guard checks the clock: much less than grace and lease. */
export function guardTimes({ leaseMs, graceMs }: Pick<Job, 'leaseMs' | 'graceMs'>): GuardTimes {
  return { graceMs, tickMs: Math.max(50, Math.min(1000, leaseMs / 30, graceMs / 5)) }
}

/** Signals that end the run, and `--hold-at-least` with it. */
const ENDS_THE_RUN: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']

const UNABLE = 'its guard could not continue (are there too many processes?)'
const NO_ANSWER = 'no answer from the server until the deadline (was sera stopped?)'

export class GuardedRun {
  readonly #ownGroup = !terminalOf(readProcess('self'))
  readonly #loss: LossPolicy
  readonly #duty: GuardDuty
  #child: Child | undefined
  /** Why the child is ended by force; the first reason counts. */
  #forced: Outcome | undefined
  /** Ends `holdOn`. */
  readonly #enough = new AbortController()

  constructor(
    readonly lock: HeldLock,
    readonly job: Job,
    readonly host: Host,
    /** A guard with the lifeline of this lock, started during the wait. */
    prepared?: Guard,
  ) {
    const { clock, kill } = host
    this.#loss = new LossPolicy(
      lock,
      { ...job, clock },
      {
        renewed: () => this.#duty.extend(),
        ignored: () => this.#enough.abort(),
        reclaiming: lifeline => this.#duty.standBy(lifeline),
        reclaimed: () => this.#child?.running !== false && this.#duty.relieve(),
        lost: reason => this.#lose(reason),
        isEnding: () => this.#duty.acting,
      },
    )
    const post = {
      ...guardTimes(job),
      clock,
      start: (lifeline = lock.lifeline) => startGuard(lifeline, job, host),
      fence: () => this.#loss.fence,
      familyOf: ({ pid, running }: Child) =>
        new Family({ pid, running, ownGroup: this.#ownGroup, marker: job.marker, kill }),
      kill,
      onForce: (reason: string) => {
        this.#forced ??= { kind: 'lost', reason: [this.#loss.trouble ?? [], reason].flat().join('; ') }
      },
    }
    this.#duty = new GuardDuty(post, prepared ?? firstGuard(post.start))
  }

  /** Starts the child and waits for its end. */
  async outcome(): Promise<Outcome> {
    const stopListening = this.host.onSignal(signal => this.#forward(signal))
    this.#loss.keep()
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

  /** Keeps the lock for `ms` more, until a signal, or until the lock is lost. */
  async holdOn(ms: number): Promise<void> {
    if (ms <= 0) return
    const stopListening = this.host.onSignal(signal => signal.startsWith('SIGUSR') || this.#enough.abort())
    await sleep(this.host.clock, ms, this.#enough.signal).catch(() => {})
    stopListening()
  }

  get noticedLoss(): boolean {
    return this.#loss.lostFor !== undefined
  }

  async #start(): Promise<Child> {
    checkExecutable(this.job.command[0] ?? '', this.job.env.PATH)
    this.#loss.checkStart()
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

  #verdict(exitCode: number): Outcome {
    if (this.#forced) return this.#forced
    const { end } = this.#duty
    if (end === 'unable') return { kind: 'lost', reason: UNABLE }
    if (end === 'deadline') return { kind: 'lost', reason: this.#loss.trouble ?? NO_ANSWER }
    const { fatalLoss } = this.#loss
    if (fatalLoss !== undefined) this.job.warn(`the lock was lost shortly before the command ended (${fatalLoss})`)
    return { kind: 'ran', exitCode }
  }

  #forward(signal: NodeJS.Signals): void {
    const situation = { ownGroup: this.#ownGroup, self: readProcess('self'), pid: this.host.pid }
    const recipient = recipientOf(signal, situation)
    if (recipient !== 'none') this.#child?.signal(signal, recipient === 'group', this.host.kill)
    if (ENDS_THE_RUN.includes(signal)) this.#enough.abort()
  }
}

/** @throws SeraError lock-failed without /proc */
function terminalOf(self: ReturnType<typeof readProcess>) {
  if (self) return self.terminal
  throw new SeraError('lock-failed', 'sera needs /proc to guard a command (Linux); nothing was run')
}

function startGuard(lifeline: number | undefined, job: Job, { env }: Host): Guard {
  return new Guard({ ...guardTimes(job), marker: job.marker, lifeline, path: env.PATH })
}

function firstGuard(start: () => Guard): Guard {
  try {
    return start()
  } catch (cause) {
    throw new SeraError('lock-failed', `${(cause as Error).message}; nothing was run`, { cause })
  }
}
