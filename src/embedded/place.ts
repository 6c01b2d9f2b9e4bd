/** The folder of a user's embedded server, below the XDG state folder. Only that user can enter it. */
import { chmodSync, closeSync, existsSync, futimesSync, mkdirSync, openSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { formatDuration, parseDuration } from '../config/duration.js'
import { SeraError } from '../errors.js'
import type { Environment, ServerKind } from './binary.js'

export interface EmbeddedPlace {
  folder: string
  socketPath: string
  /** The name of the socket while sera checks that the server is unused: no client can connect meanwhile. */
  closingPath: string
  pidFile: string
  logFile: string
  /** The current or last server: `RunningServer` as JSON. */
  factsFile: string
  /** Its modification time is the last use of the server. */
  usedFile: string
  /** Held by the process that starts or stops the server. */
  startLock: string
  /** Held by the server while it lives. */
  serverLock: string
  /** How long the server runs without clients. */
  idleMs: number
}

/** The limit of a unix socket's path in bytes, without the final zero (unix(7)). */
const LONGEST_SOCKET_PATH = 107
const IDLE_MS = 10 * 60_000

/**
 * @throws SeraError `config` if the path is too long for a socket, or `SERA_EMBEDDED_IDLE` is not a duration
 */
export function placeOf(env: Environment): EmbeddedPlace {
  const state = env.XDG_STATE_HOME
  // the XDG specification says to ignore a relative path
  const base = state !== undefined && isAbsolute(state) ? state : join(env.HOME || homedir(), '.local/state')
  const folder = join(base, 'sera/embedded')
  const inFolder = (name: string) => join(folder, name)
  return {
    folder,
    socketPath: shortEnough(inFolder('sera.sock')),
    closingPath: inFolder('closing.sock'),
    pidFile: inFolder('server.pid'),
    logFile: inFolder('server.log'),
    factsFile: inFolder('server.json'),
    usedFile: inFolder('used'),
    startLock: inFolder('start.lock'),
    serverLock: inFolder('server.lock'),
    idleMs: idleOf(env.SERA_EMBEDDED_IDLE),
  }
}

function shortEnough(socketPath: string): string {
  const length = Buffer.byteLength(socketPath)
  if (length <= LONGEST_SOCKET_PATH) return socketPath
  const limit = `${length} bytes are more than the ${LONGEST_SOCKET_PATH} a unix socket's path can have`
  throw new SeraError('config', `embedded server: ${socketPath}: ${limit}; set XDG_STATE_HOME to a shorter folder`)
}

function idleOf(text: string | undefined): number {
  if (!text) return IDLE_MS
  const ms = parseDuration(text)
  if (ms) return ms
  throw new SeraError('config', `SERA_EMBEDDED_IDLE: ${text} is not a duration like ${formatDuration(IDLE_MS)}`)
}

/** MariaDB and MySQL cannot use each other's data. */
export function dataFolder(place: EmbeddedPlace, kind: ServerKind): string {
  return join(place.folder, `data-${kind}`)
}

/** The kind of server whose data exists. */
export function kindOfData(place: EmbeddedPlace): ServerKind | undefined {
  return (['mariadb', 'mysql'] as const).find(kind => existsSync(dataFolder(place, kind)))
}

/**
 * Creates the folder and records a use of the server. It refuses the folder of another user: that user controls the server
 * in it, so its locks would guard nothing.
 *
 * @throws SeraError `config`
 */
export function prepare(place: EmbeddedPlace): void {
  try {
    mkdirSync(place.folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(place.folder)
    if (uid !== ownUid()) throw new Error(`it belongs to user ${uid}; set XDG_STATE_HOME to a folder of your own`)
    if (mode & 0o077) chmodSync(place.folder, 0o700)
    touch(place)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SeraError('config', `embedded server: cannot use ${place.folder}: ${reason}`, { cause })
  }
}

/** The own user id. It works also without an entry in the user database, as in containers. */
export function ownUid(): number {
  return statSync('/proc/self').uid
}

/** Records a use of the server: the idle time starts again. */
export function touch(place: EmbeddedPlace): void {
  const fd = openSync(place.usedFile, 'a', 0o600)
  const now = new Date()
  futimesSync(fd, now, now)
  closeSync(fd)
}
