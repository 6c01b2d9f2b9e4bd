/**
 * One connection that locks with GET_LOCK. The server frees the locks of a session when the session ends. It ends a
 * session that was silent for `wait_timeout`, which sera sets to the lease: the lock of a vanished host frees itself.
 * @see https://dev.mysql.com/doc/refman/en/locking-functions.html
 */

import { sleep } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { backoff } from '../../network-errors.js'
import { connect, type ServerTarget } from '../mysql/connect.js'
import { type Connection, noAnswer, type Row } from '../mysql/connection.js'
import { isInterrupted } from '../mysql/retry.js'
import { statementComment } from '../mysql/statement-comment.js'
import { setupStatement, type supportRules, unsupportedServer } from './server-support.js'

export interface GetLockServer extends ServerTarget {
  leaseMs: number
  rules: ReturnType<typeof supportRules>
}

/** The limit of the servers is not documented; a longer wait is asked for in pieces. */
const LONGEST_WAIT_S = 30 * 24 * 3600

/** Takes the lock, unless GET_LOCK does not lock here, and the lock that proves which session took it (former-session.ts). */
const TAKE = `SELECT IF(@sera_void IS NULL, GET_LOCK(?, ?), -1) AS granted, @sera_void AS void, GET_LOCK(?, 0) AS proof`

/** Takes and releases the lock in one statement: n waiters that only wait for it pass without n round trips. */
const PASS = `SELECT IF(@sera_void IS NULL, CASE GET_LOCK(?, ?) WHEN 1 THEN RELEASE_LOCK(?) WHEN 0 THEN 0 END, -1) AS granted,
  @sera_void AS void`

/** Prefix of the lock that proves which session this is. */
const PROOF = 'sera_session:'

export class GetLockSession {
  /** Name of a lock that only this session takes, together with the mutex. */
  readonly proof: string

  private constructor(
    readonly connection: Connection,
    readonly server: GetLockServer,
  ) {
    this.proof = `${PROOF}${connection.id}:${server.random.id(12)}`
  }

  static async open(server: GetLockServer, deadline: Deadline): Promise<GetLockSession> {
    const connection = await connect(server, deadline)
    const session = new GetLockSession(connection, server)
    try {
      await session.ask(setupStatement(server.rules, server.leaseMs, connection.isMariaDb))
    } catch (error) {
      connection.destroy()
      throw error
    }
    return session
  }

  /** One short statement, limited by the DSN's writeTimeout plus readTimeout, or plus connectTimeout where that is 0. */
  async ask(sql: string, values: unknown[] = []): Promise<Row> {
    const [row = {}] = await this.rows(sql, values)
    return row
  }

  /** The same; returns all rows. */
  rows(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.connection.query(sql, values, this.#answerMs)
  }

  get #answerMs(): number {
    const { readTimeoutMs, writeTimeoutMs, connectTimeoutMs } = this.server.dsn
    return writeTimeoutMs + (readTimeoutMs || connectTimeoutMs)
  }

  /** Waits for the lock and keeps it; false when the deadline passed first. */
  take(name: string, deadline: Deadline): Promise<boolean> {
    return this.#wait(TAKE, [name, this.proof], deadline)
  }

  /** Waits until the lock is free; false when the deadline passed first. */
  pass(name: string, deadline: Deadline): Promise<boolean> {
    return this.#wait(PASS, [name, name], deadline)
  }

  async #wait(sql: string, [name, ...rest]: string[], deadline: Deadline): Promise<boolean> {
    const { clock, attributes } = this.server
    const interruptions = { count: 0, late: 0 }
    for (let tries = 0; ; tries++) {
      deadline.signal?.throwIfAborted()
      const remainingMs = Math.max(0, deadline.until - clock.now())
      const seconds = this.#secondsToWait(remainingMs)
      if (seconds === 0 && tries > 0) await sleep(clock, remainingMs, deadline.signal)
      const limitMs = seconds === 0 ? this.#answerMs : seconds * 1000 + ANSWER_MS
      const marked = seconds === 0 ? sql : `${sql} ${statementComment(attributes)}`
      const row = await this.#bounded(marked, [name, seconds, ...rest], limitMs, deadline.signal).catch(
        unlessInterrupted,
      )
      if (row === undefined && tries === 0 && seconds === 0) throw noAnswer(limitMs)
      if (row === undefined) return false
      if (row.granted === 1) return true
      if (row.void) throw unsupportedServer(this.server.rules, String(row.void))
      if (row.granted === null) await this.#pause(interruptions, deadline)
      else if (clock.now() >= deadline.until) return false
    }
  }

  /** Pauses after GET_LOCK failed. The deadline does not move; past it, a few more tries find out whether the lock is free. */
  async #pause(interruptions: { count: number; late: number }, { until, signal }: Deadline): Promise<void> {
    const { clock, random } = this.server
    const ms = backoff(++interruptions.count, random)
    const remainingMs = until - clock.now()
    if (remainingMs <= 0 && ++interruptions.late > LATE_TRIES) throw new SeraError('lock-failed', INTERRUPTED)
    await sleep(clock, remainingMs > 0 ? Math.min(ms, remainingMs) : ms, signal)
  }

  /**
   * How long the server waits in one statement. MySQL counts whole seconds, so sera sleeps the rest, with a try before
   * and one after it.
   */
  #secondsToWait(remainingMs: number): number {
    const seconds = remainingMs / 1000
    return Math.min(LONGEST_WAIT_S, this.connection.isMariaDb ? seconds : Math.floor(seconds + ROUNDED_UP))
  }

  /**
   * Sends a statement that may take long. At `limitMs` (result: undefined) or at the signal it closes the connection,
   * which ends the wait and any grant under way.
   */
  #bounded(sql: string, values: unknown[], limitMs: number, signal: AbortSignal | undefined): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      const stop = (settle: () => void) => {
        settle()
        this.connection.destroy()
      }
      const abort = () => stop(() => reject(signal?.reason))
      const cancel = this.server.clock.after(limitMs, () => stop(() => resolve(undefined)))
      signal?.addEventListener('abort', abort, { once: true })
      this.connection
        .query(sql, values)
        .then(([row]) => resolve(row ?? {}), reject)
        .finally(() => {
          cancel()
          signal?.removeEventListener('abort', abort)
        })
    })
  }

  /** Asks whether this session still holds the lock on a writable server, as a renewal must prove. @returns the problem */
  async confirm(name: string): Promise<string | undefined> {
    const [row] = await this.#uninterrupted(() => this.connection.query(CONFIRM, [name]))
    return this.#problemIn(row)
  }

  /** Asks again when the server interrupts the statement: an interruption does not affect the lock. */
  async #uninterrupted<T>(ask: () => Promise<T>): Promise<T> {
    const { clock, random } = this.server
    for (let interruptions = 1; ; interruptions++) {
      try {
        return await ask()
      } catch (error) {
        if (!isInterrupted(error)) throw error
        await sleep(clock, backoff(interruptions, random))
      }
    }
  }

  /** Like `confirm`, before a command uses the lock: a signal, or an answer slower than a renewal may be, ends it. */
  async confirmSoon(name: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    signal?.throwIfAborted()
    const ask = () => this.#bounded(CONFIRM, [name], this.server.leaseMs / 3, signal)
    const row = await this.#uninterrupted(ask)
    return row ? this.#problemIn(row) : 'the server does not answer'
  }

  #problemIn(row: Row | undefined): string | undefined {
    if (Number(row?.held) !== 1) return NOT_HELD
    if (Number(row?.read_only) === 1 && this.server.rules.length > 0) return 'the server has become read-only'
    return undefined
  }

  /**
   * Frees the lock and closes the connection. Never throws: the lock of a broken connection is free already.
   *
   * @returns why the lock was not held any more, as for `confirm`; undefined also when the server does not answer
   */
  async release(name: string): Promise<string | undefined> {
    try {
      const [row] = await this.connection.query('SELECT RELEASE_LOCK(?) AS released', [name], ANSWER_MS)
      return Number(row?.released) === 1 ? undefined : NOT_HELD
    } catch {
      return undefined // closed, or no answer: the end of the session frees the lock
    } finally {
      this.connection.close()
    }
  }
}

const NOT_HELD = 'the server no longer counts the lock as held by this connection'

/** `read_only` is a number; from MariaDB 12 on, a word. */
const CONFIRM = `SELECT IS_USED_LOCK(?) = CONNECTION_ID() AS held, @@global.read_only NOT IN ('0', 'OFF') AS read_only`

/** An interrupted GET_LOCK returns NULL. A statement time limit is an error; it is treated alike. */
function unlessInterrupted(error: unknown): Row {
  if (!isInterrupted(error)) throw error
  return { granted: null }
}

const LATE_TRIES = 3

const INTERRUPTED =
  'GET_LOCK failed at every try: check whether something on the server ends statements (KILL QUERY), ' +
  'and read the error log of the server'

/** How long the server may take to answer, beyond its wait. */
const ANSWER_MS = 2000

/** Connecting took milliseconds of a wait of whole seconds; it still counts as whole seconds. */
const ROUNDED_UP = 0.25
