/** One connection: opened within the DSN's limits, sends one statement at a time, never reopened. */
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import mysql from 'mysql2'
import type { Clock } from '../../clock.js'
import type { Dsn, DsnTls } from '../../config/dsn.js'
import { SeraError } from '../../errors.js'
import { authenticationOf, charsetOf, streamOf } from './driver-options.js'
import { errorCode, explain } from './retry.js'

export type Row = Record<string, unknown>

/** Shown to others on the server (performance_schema.session_account_connect_attrs). */
export type Attributes = Record<string, string>

export interface Changed {
  /** Rows that the statement matched, changed or not. */
  rows: number
  /** Whether the server was in a transaction after the statement. */
  inTransaction: boolean
}

/** @see https://dev.mysql.com/doc/dev/mysql-server/latest/mysql__com_8h.html */
const SERVER_STATUS_IN_TRANS = 1

/** Seconds of silence before the kernel probes the peer; its own default is two hours. */
const KEEP_ALIVE_MS = 15_000

export class Connection {
  readonly #raw: mysql.Connection
  readonly #pending = new Set<(error: unknown) => void>()
  #broken: unknown
  /** Called once when the connection breaks by itself. */
  onBroken: (error: unknown) => void = () => {}

  /** One attempt. Rejects with the driver's error; `explain` and `isTransient` interpret it. */
  static async open(dsn: Dsn, attributes: Attributes, clock: Clock): Promise<Connection> {
    try {
      return await attempt(dsn, attributes, clock, tlsOptions(dsn.tls))
    } catch (error) {
      if (dsn.tls.mode !== 'preferred' || errorCode(error) !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error
      return await attempt(dsn, attributes, clock, undefined)
    }
  }

  constructor(
    raw: mysql.Connection,
    readonly clock: Clock,
  ) {
    this.#raw = raw
    raw.on('error', error => this.#break(isNumbered(error) ? closedByServer(error) : error))
    raw.on('end', () => this.#break(closedByServer()))
    acceptFarewell(raw)
  }

  /** The server's number for this connection. */
  get id(): number {
    return this.#raw.threadId ?? 0
  }

  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /** The version in the greeting of the server, or of a proxy in front of it. */
  get serverVersion(): string {
    const { _handshakePacket } = this.#raw as unknown as { _handshakePacket?: { serverVersion?: string } }
    return _handshakePacket?.serverVersion ?? ''
  }

  get isMariaDb(): boolean {
    return /mariadb/i.test(this.serverVersion)
  }

  /** Descriptor of the socket; processes that inherit it keep the connection open at the server. */
  get descriptor(): number | undefined {
    const { stream } = this.#raw as unknown as { stream?: Duplex & { _handle?: { fd?: number } } }
    const fd = stream?._handle?.fd
    return fd !== undefined && fd > 2 ? fd : undefined
  }

  /** Returns the rows. An answer slower than `limitMs` breaks the connection. Rejects when the connection breaks or is broken. */
  async query(sql: string, values: unknown[] = [], limitMs = 0): Promise<Row[]> {
    const answer = await this.#ask(sql, values, limitMs)
    return Array.isArray(answer) ? (answer as Row[]) : []
  }

  /** Runs a statement that changes rows; limits and errors as for `query`. */
  async change(sql: string, values: unknown[] = [], limitMs = 0): Promise<Changed> {
    const { affectedRows, serverStatus = 0 } = (await this.#ask(sql, values, limitMs)) as mysql.ResultSetHeader
    return { rows: affectedRows, inTransaction: (serverStatus & SERVER_STATUS_IN_TRANS) !== 0 }
  }

  #ask(sql: string, values: unknown[], limitMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken)
      const cancel = this.clock.after(limitMs || Number.POSITIVE_INFINITY, () => this.#break(noAnswer(limitMs)))
      const settle = () => {
        cancel()
        this.#pending.delete(reject)
      }
      this.#pending.add(reject)
      this.#raw.query(sql, values, (error, answer) => {
        settle()
        if (error?.fatal) this.#break(error)
        if (error) reject(error)
        else resolve(answer)
      })
    })
  }

  /** Closes with COM_QUIT, so that the server does not count an aborted client. */
  close(): void {
    this.onBroken = () => {}
    this.#raw.end(() => {})
  }

  /** Closes the socket at once; a lock or a wait of the connection ends within a second. */
  destroy(): void {
    this.onBroken = () => {}
    this.#break(new Error('closed by sera'))
  }

  #break(error: unknown): void {
    if (this.#broken) return
    this.#broken = error
    this.#raw.destroy()
    for (const reject of this.#pending) reject(error)
    this.#pending.clear()
    this.onBroken(error)
  }
}

function attempt(
  dsn: Dsn,
  attributes: Attributes,
  clock: Clock,
  ssl: mysql.SslOptions | undefined,
): Promise<Connection> {
  const raw = mysql.createConnection({
    ...addressOf(dsn),
    user: dsn.user,
    password: dsn.password,
    ...(dsn.database === undefined ? {} : { database: dsn.database }),
    ...charsetOf(dsn),
    ...authenticationOf(dsn),
    ...streamOf(dsn, KEEP_ALIVE_MS),
    ...(ssl ? { ssl } : {}),
    connectTimeout: dsn.connectTimeoutMs,
    connectAttributes: attributes,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    flags: ['-LOCAL_FILES'],
    supportBigNumbers: true,
    disableEval: true,
    // the default of 16,000 takes half a megabyte a connection; sera prepares no statement
    maxPreparedStatements: 1,
    trace: false,
  } as mysql.ConnectionOptions)
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      raw.destroy()
      reject(error)
    }
    raw.once('error', fail)
    raw.connect(error => {
      if (error) return fail(error)
      raw.off('error', fail)
      resolve(new Connection(raw, clock))
    })
  })
}

/**
 * MySQL ends a session that timed out with a packet numbered 0. mysql2 prints a warning when a statement is on its way
 * at that moment. No answer to a statement has the number 0.
 */
function acceptFarewell(raw: mysql.Connection): void {
  const inner = raw as unknown as { sequenceId: number; handlePacket(packet?: { sequenceId: number }): void }
  const handlePacket = inner.handlePacket
  inner.handlePacket = packet => {
    if (packet?.sequenceId === 0) inner.sequenceId = 0
    handlePacket.call(raw, packet)
  }
}

function addressOf({ address }: Dsn): mysql.ConnectionOptions {
  if (address.net === 'unix') return { socketPath: address.path }
  if (address.net === 'tcp') return { host: address.host, port: address.port }
  throw new Error('the embedded server has no address until it runs')
}

function tlsOptions(tls: DsnTls): mysql.SslOptions | undefined {
  if (tls.mode === 'off') return undefined
  return {
    rejectUnauthorized: tls.mode === 'verify',
    verifyIdentity: tls.mode === 'verify',
    ...fileOption('ca', tls.ca),
    ...fileOption('cert', tls.cert),
    ...fileOption('key', tls.key),
  } as mysql.SslOptions
}

function fileOption(name: string, path: string | undefined): Record<string, Buffer> {
  if (path === undefined) return {}
  try {
    return { [name]: readFileSync(path) }
  } catch (cause) {
    throw new SeraError('config', `cannot read ${path}, named by tls-${name} in the DSN: ${explain(cause)}`, { cause })
  }
}

function closedByServer(cause?: unknown): Error {
  return Object.assign(new Error('closed', { cause }), { code: 'PROTOCOL_CONNECTION_LOST' })
}

/** The server closed an idle connection: mysql2 then reports the number of the error instead of its name. */
function isNumbered(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === 'number'
}

/** The error for an answer that exceeds its limit. */
export function noAnswer(limitMs: number): Error {
  return Object.assign(new Error(`no answer in ${limitMs} ms`), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' })
}
