/**
 * Once: at most one success is recorded for a key, or one in a period.
 *
 * 1. Whoever comes queues as for a mutex, and whoever is let on runs.
 * 2. The end of the run is one step: its claim leaves, and the run gets into the resource's record. It does so only while the
 *    claim still lives: a runner that has died, or lost its claim, records nothing.
 * 3. Whoever queued before a run ended (its ticket is lower than the version at which that was recorded) takes the run over,
 *    be it a success or a failure: fifty hosts don't repeat what is broken fifty times.
 * 4. Whoever comes later takes over a success that still counts, and otherwise runs again.
 *
 * A run that ended, but not by itself (the lock was lost, sera was told to stop), is no verdict on the work. It leaves no record,
 * and the next in line runs.
 */

import type { WaitPolicy } from '../../claims/acquire.js'
import type { Rule } from '../../claims/model.js'
import type { OwnClaim } from '../../claims/own-claim.js'
import { paceByPosition } from '../../claims/poll-rate.js'
import type { Session } from '../../claims/session.js'
import { formatDuration } from '../../config/duration.js'
import { SeraError } from '../../errors.js'
import { type Lock, lockAt } from '../lock.js'
import { granted, Primitive, type PrimitiveRequest, parseDurationOption, type WaitOptions } from '../primitive.js'
import { finish } from './finish.js'
import { dateOf, describeRun, type PastRunRecord, runToTakeOver } from './run-record.js'

export function admission(perMs: number): Rule {
  return (state, me) => {
    const run = runToTakeOver(state, me.ticket, perMs)
    if (run) return { remove: [me.id], answer: JSON.stringify({ run, now: state.now } satisfies TakenOver) }
    const ahead = state.claims.some(({ ticket }) => ticket < me.ticket)
    return ahead ? {} : granted(me, { result: String(state.now) })
  }
}

export function once(perMs: number): WaitPolicy {
  return { rule: admission(perMs), pace: paceByPosition, onlyAhead: true, groupGrant: false }
}

export interface TakenOver {
  run: PastRunRecord
  /** When it was seen, µs, by the server's clock. */
  now: number
}

/** Whose run is taken over; undefined for whoever is to run himself. */
export function takenOver({ answer }: Pick<OwnClaim, 'answer'>): TakenOver | undefined {
  return answer === undefined ? undefined : JSON.parse(answer)
}

/** @throws SeraError usage */
export function onceRequest(perMs: number, keepMs = Number.POSITIVE_INFINITY): PrimitiveRequest {
  checkPeriods(perMs, keepMs)
  return { spec: {}, policy: once(perMs) }
}

function checkPeriods(perMs: number, keepMs: number): void {
  if (perMs === Number.POSITIVE_INFINITY || keepMs >= perMs) return
  const [per, keep] = [perMs, keepMs].map(formatDuration)
  throw new SeraError('usage', `keep ${keep} is shorter than per ${per}: a run has to be remembered for its period`)
}

export interface OnceOptions {
  /** Only a success that was begun within this time counts; as `wait` elsewhere. Default: `'forever'`. */
  per?: number | string | undefined
  /** For how long a success is remembered; no shorter than `per`. Default: `'forever'`. */
  keep?: number | string | undefined
}

/** What the work is given. */
export interface Running {
  /** As a lock's: greater than that of every earlier run of the key. */
  token: number
  /** Aborts with SeraError `lost` a grace before anybody else can run it, and when the signal of `run` does. */
  signal: AbortSignal
}

/** `value` is what the work has returned; elsewhere it has been JSON, and is undefined where a command was run. */
export type OnceResult<T> = { ranHere: true; value: T } | { ranHere: false; value: T | undefined; by: PastRun }

export interface PastRun extends Pick<PastRunRecord, 'host' | 'pid' | 'user' | 'command'> {
  /** By the server's clock. */
  startedAt: Date
  finishedAt: Date
}

export class Once extends Primitive {
  readonly #request: PrimitiveRequest
  readonly #keepMs: number

  /** @internal */
  constructor(session: Session, key: string, { per = 'forever', keep = 'forever' }: OnceOptions = {}) {
    super(session, 'once', key)
    const perMs = parseDurationOption('per', per)
    this.#keepMs = parseDurationOption('keep', keep)
    this.#request = onceRequest(perMs, this.#keepMs)
  }

  /**
   * Does the work, unless somebody has done it: then it hands over what that has returned. Whoever comes while somebody is at it
   * waits for the outcome. Work that throws has failed: those who wait are told so (SeraError `taken-over`), and whoever
   * comes later tries again.
   *
   * @param work what it returns is recorded as JSON, of at most 16 KB
   * @throws SeraError taken-over, when it has failed elsewhere; lost, when it was done and could not be recorded; timed-out,
   * lock-failed, usage; what the work throws; the signal's reason
   * @example
   * const { value } = await sera.once('invoice 4711').run(({ token }) => print(invoice, token))
   */
  async run<T>(work: (running: Running) => T | Promise<T>, options: WaitOptions = {}): Promise<OnceResult<T>> {
    const ownClaim = await this.acquireClaim(this.#request, options)
    const other = takenOver(ownClaim)
    if (other) {
      await this.leaveClaim(ownClaim)
      return this.#over(other)
    }
    const lock = await lockAt(this.session, ownClaim)
    try {
      return { ranHere: true, value: await this.#work(work, lock, ownClaim, options.signal) }
    } finally {
      await this.leaveClaim(ownClaim)
    }
  }

  #over<T>({ run, now }: TakenOver): OnceResult<T> {
    if (run.exitCode !== 0) throw new SeraError('taken-over', `once ${this.name}: ${describeRun(run, now)}`)
    const { host, pid, user, command, value } = run
    const times = { startedAt: dateOf(run.startedAt), finishedAt: dateOf(run.finishedAt) }
    return { ranHere: false, value: value as T | undefined, by: { host, pid, user, command, ...times } }
  }

  async #work<T>(
    work: (running: Running) => T | Promise<T>,
    { token, signal: lost }: Lock,
    ownClaim: OwnClaim,
    told: AbortSignal | undefined,
  ): Promise<T> {
    const signal = told ? AbortSignal.any([lost, told]) : lost
    const value = await Promise.resolve({ token, signal })
      .then(work)
      .then(checkValue)
      .catch(async error => {
        // work that was broken off is no failure
        if (!signal.aborted) await this.#finish(ownClaim, { exitCode: 1, message: messageOf(error) }).catch(() => {})
        throw error
      })
    if (await this.#finish(ownClaim, { exitCode: 0, value })) return value
    throw new SeraError('lost', `once ${this.name}: it was done, but the lock was lost by then; it is not recorded`)
  }

  #finish(ownClaim: OwnClaim, end: Pick<PastRunRecord, 'exitCode' | 'value' | 'message'>): Promise<boolean> {
    return finish(this.session, ownClaim, end, this.#keepMs)
  }
}

/** Every look at the key reads it. */
const LONGEST_VALUE = 16_384
const LONGEST_MESSAGE = 500

/** @throws SeraError usage */
export function checkValue<T>(value: T): T {
  const json = JSON.stringify(value) ?? ''
  if (json.length <= LONGEST_VALUE) return value
  throw new SeraError(
    'usage',
    `what the work returned is ${json.length} characters of JSON: ${LONGEST_VALUE} are allowed`,
  )
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\s+/g, ' ').slice(0, LONGEST_MESSAGE)
}
