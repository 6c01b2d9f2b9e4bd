/** Where the embedded server of a user lives: one folder below the XDG state folder, open to that user alone. */
import { chmodSync, closeSync, existsSync, futimesSync, mkdirSync, openSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { formatDuration, parseDuration } from '../config/duration.js'
import { SeraError } from '../errors.js'
import type { Environment, ServerKind } from './binary.js'

export interface EmbeddedPlace {
  folder: string
  socketPath: string
  /** The socket's name while it is decided whether the server may end: nobody can connect then. */
  closingPath: string
  pidFile: string
  logFile: string
  /** What runs, or ran last: `RunningCommand` as JSON. */
  factsFile: string
  /** Its modification time is when somebody last asked for the server. */
  usedFile: string
  /** Held by whoever starts or ends the server. */
  startLock: string
  /** Held by the server as long as it lives. */
  serverLock: string
  /** How long the server stays when nobody uses it. */
  idleMs: number
}

/** Bytes of a unix socket's path, less the final zero (unix(7)). */
const LONGEST_SOCKET_PATH = 107
const IDLE_MS = 10 * 60_000

/**
 * @throws SeraError `config` when the path is too long for a socket, or `SERA_EMBEDDED_IDLE` is no duration
 */
export function placeOf(env: Environment): EmbeddedPlace {
  const state = env.XDG_STATE_HOME
  // the XDG specification: a relative path is to be ignored
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

/** Data of MariaDB and of MySQL can't be exchanged. */
export function dataFolder(place: EmbeddedPlace, kind: ServerKind): string {
  return join(place.folder, `data-${kind}`)
}

/** The kind of server whose data is there. */
export function kindOfData(place: EmbeddedPlace): ServerKind | undefined {
  return (['mariadb', 'mysql'] as const).find(kind => existsSync(dataFolder(place, kind)))
}

/**
 * Makes the folder and notes that somebody wants the server. A folder of somebody else's would be a server of somebody else's, and a lock that means nothing.
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

/** Also for a user without an entry in the user database, as in containers. */
export function ownUid(): number {
  return statSync('/proc/self').uid
}

/** Somebody wants the server now: the watcher counts the idle time from here. */
export function touch(place: EmbeddedPlace): void {
  const fd = openSync(place.usedFile, 'a', 0o600)
  const now = new Date()
  futimesSync(fd, now, now)
  closeSync(fd)
}
