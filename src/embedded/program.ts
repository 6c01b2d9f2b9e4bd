/** Starts the server process: in its own session and folder, and with only the descriptor of server.lock from sera. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Clock } from '../clock.js'
import type { Environment, ServerBinary } from './binary.js'
import { onlyThese, plainEnvironment } from './detached.js'
import { runOptions } from './options.js'
import { dataFolder, type EmbeddedPlace, ownUid } from './place.js'

/** The part of `Host` that the embedded server needs. */
export interface EmbeddedHost {
  env: Environment
  clock: Clock
  /** Descriptors above 2 that sera was started with. */
  descriptors: readonly number[]
}

/** The current or last server. */
export interface RunningServer extends ServerBinary {
  /** ISO 8601. */
  startedAt: string
}

/** Each waiting or running sera has one. Above the limit the server refuses connections, and sera retries. */
const MAX_CONNECTIONS = 1000

/** @param lock the descriptor of server.lock */
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
