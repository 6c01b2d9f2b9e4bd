/** The status of the embedded server, without starting it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { sleep, systemClock } from '../clock.js'
import { formatDuration } from '../config/duration.js'
import { NAMES } from './binary.js'
import { lockFile } from './file-lock.js'
import type { EmbeddedPlace } from './place.js'
import { listens } from './probe.js'
import type { RunningServer } from './program.js'

export interface EmbeddedStatus {
  /** `unreachable`: it is starting, stopping or hung. */
  state: 'running' | 'stopped' | 'unreachable'
  folder: string
  socketPath: string
  logFile: string
  /** How long the server runs without clients, ms. */
  idleMs: number
  /** Present while it runs. */
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

/** Throws ENOENT if the server has not written its pid yet, or has just ended. */
async function look(place: EmbeddedPlace): Promise<{ server: RunningServer; pid: number; clients: number }> {
  const server = JSON.parse(readFileSync(place.factsFile, 'utf8')) as RunningServer
  const pid = Number(readFileSync(place.pidFile, 'utf8'))
  // the probe of `listens` counts as a client for a moment, so count twice
  const clients = Math.min(clientsOf(pid), await sleep(systemClock, 50).then(() => clientsOf(pid)))
  return { server, pid, clients }
}

/** Whether a server holds server.lock. */
async function lives(place: EmbeddedPlace): Promise<boolean> {
  if (!existsSync(place.serverLock)) return false
  const lock = await lockFile(place.serverLock, 0)
  lock?.release()
  return lock === undefined
}

/** The number of the server's sockets, without the listening one. */
function clientsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`
  const sockets = readdirSync(folder).filter(fd => target(`${folder}/${fd}`).startsWith('socket:'))
  return Math.max(0, sockets.length - 1)
}

function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return '' // closed in the meantime
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
