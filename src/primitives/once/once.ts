/**
 * Once: at most one success is recorded for a key, or one in a period.
 *
 * 1. Participants queue as for a mutex. A participant that is granted runs.
 * 2. One step ends the run: it removes the claim and writes the run into the resource's record. It writes only while the claim
 *    still exists, so a runner that died or lost its claim records nothing.
 * 3. A participant that queued before a run ended takes over that run, a success or a failure. (Its ticket is lower than the
 *    version at which the run was recorded.) So fifty waiting hosts do not repeat a broken run fifty times.
 * 4. A participant that arrives later takes over a success that still counts. Otherwise it runs again.
 *
 * A run that was cut short (the lock was lost, a signal stopped sera) proves nothing about the work. It is not recorded, and the
 * next waiter runs.
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
  /** When the record was read, µs by the server's clock. */
  now: number
}

/** The run that is taken over; undefined when the participant must run itself. */
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
  throw new SeraError('usage', `keep ${keep} is shorter than per ${per}: a success must be kept for its whole period`)
}

/** Options of `sera.once()`. */
export interface OnceOptions {
  /** Only a success that started within this time counts: milliseconds, or text like `'24h'`. Default: `'forever'`. */
  per?: number | string | undefined
  /** How long a success is remembered; at least `per`. Default: `'forever'`. */
  keep?: number | string | undefined
}

/** The argument of the work. */
export interface Running {
  /** Fencing token: greater than the token of every earlier run of the key. */
  token: number
  /** Aborts with SeraError `lost` a grace before another participant can run, and when the signal of `run` aborts. */
  signal: AbortSignal
}

/** `value`: the result of the work. When another participant ran it, `value` was stored as JSON; undefined when a command was run. */
export type OnceResult<T> = { ranHere: true; value: T } | { ranHere: false; value: T | undefined; by: PastRun }

/** The run whose result was taken over. */
export interface PastRun {
  /** The host name of its process. */
  host: string
  /** The PID of its process. */
  pid: number
  /** The operating system's user of its process. */
  user: string
  /** The command or label of its process. */
  command: string
  /** When the run started, by the server's clock. */
  startedAt: Date
  /** When the run finished, by the server's clock. */
  finishedAt: Date
}

/** A handle of a key whose work is done at most once, or once in a period. Made by `sera.once()`. */
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
   * Runs the work, or returns the result of a run that counts already. While another participant runs it, waits for that result. If
   * the work throws, the waiters get SeraError `taken-over`, and a later call runs it again.
   *
   * @param work its result is stored as JSON, at most 16 KB
   * @throws SeraError taken-over, when it failed elsewhere; lost, when the lock was lost before the work ended; timed-out,
   * lock-failed, usage; the error of the work; the signal's reason
   * @example
   * const { value } = await sera.once('invoice 4711').run(({ token }) => print(invoice, token))
   */
  async run<T>(work: (running: Running) => T | Promise<T>, options: WaitOptions = {}): Promise<OnceResult<T>> {
    const ownClaim = await this.acquireClaim(this.#request, options)
    const other = takenOver(ownClaim)
    if (other) {
      await this.leaveClaim(ownClaim)
      return this.#takeOver(other)
    }
    const lock = await lockAt(this.session, ownClaim)
    try {
      return { ranHere: true, value: await this.#work(work, lock, ownClaim, options.signal) }
    } finally {
      await this.leaveClaim(ownClaim)
    }
  }

  #takeOver<T>({ run, now }: TakenOver): OnceResult<T> {
    if (run.exitCode !== 0) throw new SeraError('taken-over', `once ${this.name}: ${describeRun(run, now)}`)
    const { host, pid, user, command, value } = run
    const times = { startedAt: dateOf(run.startedAt), finishedAt: dateOf(run.finishedAt) }
    return { ranHere: false, value: value as T | undefined, by: { host, pid, user, command, ...times } }
  }

  async #work<T>(
    work: (running: Running) => T | Promise<T>,
    { token, signal: lost }: Lock,
    ownClaim: OwnClaim,
    stopped: AbortSignal | undefined,
  ): Promise<T> {
    const signal = stopped ? AbortSignal.any([lost, stopped]) : lost
    const value = await Promise.resolve({ token, signal })
      .then(work)
      .then(checkValue)
      .catch(async error => {
        // work that was stopped is not a failure
        if (!signal.aborted) await this.#finish(ownClaim, { exitCode: 1, message: messageOf(error) }).catch(() => {})
        throw error
      })
    if (await this.#finish(ownClaim, { exitCode: 0, value })) return value
    throw new SeraError(
      'lost',
      `once ${this.name}: the work ended, but its lock was lost before; the success is not recorded`,
    )
  }

  #finish(ownClaim: OwnClaim, end: Pick<PastRunRecord, 'exitCode' | 'value' | 'message'>): Promise<boolean> {
    return finish(this.session, ownClaim, end, this.#keepMs)
  }
}

/** Limited because every poll of the key reads it. */
const LONGEST_VALUE = 16_384
const LONGEST_MESSAGE = 500

/** @throws SeraError usage */
export function checkValue<T>(value: T): T {
  const json = JSON.stringify(value) ?? ''
  if (json.length <= LONGEST_VALUE) return value
  throw new SeraError(
    'usage',
    `the result of the work is ${json.length} characters of JSON: at most ${LONGEST_VALUE} are allowed`,
  )
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\s+/g, ' ').slice(0, LONGEST_MESSAGE)
}
