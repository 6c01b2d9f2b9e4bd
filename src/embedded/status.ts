/** What can be said of the embedded server, without starting it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { sleep, systemClock } from '../clock.js'
import { formatDuration } from '../config/duration.js'
import { NAMES } from './binary.js'
import { lockFile } from './file-lock.js'
import type { EmbeddedPlace } from './place.js'
import { listens } from './probe.js'
import type { RunningServer } from './program.js'

export interface EmbeddedStatus {
  /** `unreachable`: it starts or ends just now, or hangs. */
  state: 'running' | 'stopped' | 'unreachable'
  folder: string
  socketPath: string
  logFile: string
  /** The server stays this long without clients, ms. */
  idleMs: number
  /** Known while it runs. */
  server?: RunningServer
  pid?: number
  clients?: number
}

export async function statusOf(place: EmbeddedPlace): Promise<EmbeddedStatus> {
  const { folder, socketPath, logFile, idleMs } = place
  const base = { folder, socketPath, logFile, idleMs }
  if (!(await lives(place))) return { ...base, state: 'stopped' }
  if (!(await listens(socketPath))) return { ...base, state: 'unreachable' }
  try {
    return { ...base, state: 'running', ...(await look(place)) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { ...base, state: 'unreachable' }
  }
}

/** ENOENT: it has not written its pid yet, or has just gone. */
async function look(place: EmbeddedPlace): Promise<{ server: RunningServer; pid: number; clients: number }> {
  const server = JSON.parse(readFileSync(place.factsFile, 'utf8')) as RunningServer
  const pid = Number(readFileSync(place.pidFile, 'utf8'))
  // our own knock has gone in a moment
  const clients = Math.min(clientsOf(pid), await sleep(systemClock, 50).then(() => clientsOf(pid)))
  return { server, pid, clients }
}

/** Some server holds server.lock. */
async function lives(place: EmbeddedPlace): Promise<boolean> {
  if (!existsSync(place.serverLock)) return false
  const lock = await lockFile(place.serverLock, 0)
  lock?.release()
  return lock === undefined
}

/** The server's sockets, less the one it listens on. */
function clientsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`
  const sockets = readdirSync(folder).filter(fd => target(`${folder}/${fd}`).startsWith('socket:'))
  return Math.max(0, sockets.length - 1)
}

function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return '' // closed meanwhile
  }
}

/** One line for a person. */
export function describeStatus(status: EmbeddedStatus): string {
  const { state, folder, socketPath, logFile, idleMs, server, pid, clients } = status
  if (state === 'stopped') return `the embedded server is not running (${folder})`
  if (server === undefined) return `the embedded server is starting, stopping or hung; see ${logFile}`
  const program = `${NAMES[server.kind]} ${server.version}`
  const use = `${clients} client${clients === 1 ? '' : 's'}, stops after ${formatDuration(idleMs)} without clients`
  return `the embedded server guards this host only: ${program}, pid ${pid}, socket ${socketPath}; ${use}`
}
