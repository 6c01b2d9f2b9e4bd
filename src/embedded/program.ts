/** The server as a process: in its own session and folder, with no descriptor of sera's but the lock it lives under. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Clock } from '../clock.js'
import type { Environment, ServerBinary } from './binary.js'
import { onlyThese, plainEnvironment } from './detached.js'
import { runOptions } from './options.js'
import { dataFolder, type EmbeddedPlace, ownUid } from './place.js'

/** What the embedded server needs of sera's host. */
export interface EmbeddedHost {
  env: Environment
  clock: Clock
  /** Descriptors above 2 that sera was started with. */
  descriptors: readonly number[]
}

/** What runs, or ran last. */
export interface RunningServer extends ServerBinary {
  /** ISO 8601. */
  startedAt: string
}

/** Every sera that waits or holds has one; beyond it they are turned away and try again. */
const MAX_CONNECTIONS = 1000

/** @param lock descriptor of server.lock */
export function spawnServer(
  binary: ServerBinary,
  place: EmbeddedPlace,
  host: EmbeddedHost,
  lock: number,
): ChildProcess {
  const log = openSync(place.logFile, 'a', 0o600)
  try {
    const server = spawn(binary.path, embeddedOptions(binary, place), {
      cwd: place.folder,
      env: plainEnvironment(host.env),
      detached: true,
      stdio: onlyThese(['ignore', log, log, lock], host.descriptors),
    })
    server.unref()
    return server
  } finally {
    closeSync(log)
  }
}

function embeddedOptions(binary: ServerBinary, place: EmbeddedPlace): string[] {
  const { socketPath, pidFile, logFile } = place
  const data = dataFolder(place, binary.kind)
  const files = { data, socketPath, pidFile, logFile }
  const run = runOptions({ kind: binary.kind, asRoot: ownUid() === 0, maxConnections: MAX_CONNECTIONS, ...files })
  return [...run, '--skip-networking']
}
