/**
 * Starts the server on demand. One process at a time does so, under start.lock. The server itself holds server.lock as
 * long as it lives, so the kernel says whether a former server has ended, and not a pid file.
 */
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { sleep } from '../clock.js'
import { formatDuration } from '../config/duration.js'
import { SeraError } from '../errors.js'
import { chooseServer, makeData } from './data.js'
import { plainEnvironment } from './detached.js'
import { type FileLock, lockFile } from './file-lock.js'
import { lastError } from './initialise.js'
import { type EmbeddedPlace, touch } from './place.js'
import { greets, listens } from './probe.js'
import { type EmbeddedHost, type RunningServer, spawnServer } from './program.js'
import { watch } from './watch.js'

/** A start or stop takes less time than this, unless the machine is overloaded. */
const QUEUE_LIMIT_MS = 120_000
/** After a kill, the server may have to repair its data first. */
const START_LIMIT_MS = 60_000
/** A server that ends stops listening at once. If it lives this long, its socket was renamed by a killed watcher. */
const REOPEN_AFTER_MS = 2000
const LOOK_EVERY_MS = 20

/** Returns when the server listens; starts it if necessary. */
export async function startIfNeeded(host: EmbeddedHost, place: EmbeddedPlace): Promise<void> {
  const startLock = await lockFile(place.startLock, QUEUE_LIMIT_MS)
  if (startLock === undefined)
    throw failed(place, `another sera has been starting or stopping it for ${formatDuration(QUEUE_LIMIT_MS)}`)
  try {
    await settle(host, place, startLock)
  } finally {
    startLock.release()
  }
}

/** A live server without a socket is starting or stopping, or its watcher was killed after it renamed the socket. */
async function settle(host: EmbeddedHost, place: EmbeddedPlace, startLock: FileLock): Promise<void> {
  const began = host.clock.now()
  while (!(await listens(place.socketPath))) {
    const serverLock = await lockFile(place.serverLock, 0)
    if (serverLock !== undefined) return await launch(host, place, startLock, serverLock)
    const waited = host.clock.now() - began
    if (waited > START_LIMIT_MS)
      throw failed(place, 'it runs but does not answer; stop it with `sera embedded stop --force`')
    if (waited > REOPEN_AFTER_MS && existsSync(place.closingPath)) renameSync(place.closingPath, place.socketPath)
    await sleep(host.clock, LOOK_EVERY_MS)
  }
}

async function launch(
  host: EmbeddedHost,
  place: EmbeddedPlace,
  startLock: FileLock,
  serverLock: FileLock,
): Promise<void> {
  try {
    const binary = await chooseServer(host.env, place)
    await makeData({ binary, place, env: plainEnvironment(host.env), inherit: startLock.fd })
    clearAway(place)
    const server = spawnServer(binary, place, host, serverLock.fd)
    const facts: RunningServer = { ...binary, startedAt: new Date().toISOString() }
    writeFileSync(place.factsFile, JSON.stringify(facts))
    watch(place, host)
    await ready(host, place, server)
    touch(place)
  } finally {
    serverLock.release()
  }
}

/** Removes what a killed server left behind. MySQL refuses a lock file whose pid belongs to another process by now. */
function clearAway(place: EmbeddedPlace): void {
  const { socketPath, closingPath, pidFile, logFile } = place
  for (const path of [socketPath, `${socketPath}.lock`, closingPath, pidFile]) rmSync(path, { force: true })
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
}

async function ready(host: EmbeddedHost, place: EmbeddedPlace, server: ChildProcess): Promise<void> {
  const ended: { reason?: string } = {}
  server.once('error', error => {
    ended.reason = error.message
  })
  server.once('exit', () => {
    ended.reason ??= lastError(readFileSync(place.logFile, 'utf8'))
  })
  const until = host.clock.now() + START_LIMIT_MS
  while (!(await greets(place.socketPath))) {
    if (ended.reason) throw failed(place, `it did not start: ${ended.reason}`)
    if (host.clock.now() > until) throw failed(place, `it is not ready after ${formatDuration(START_LIMIT_MS)}`)
    await sleep(host.clock, LOOK_EVERY_MS)
  }
}

function failed(place: EmbeddedPlace, what: string): SeraError {
  return new SeraError('lock-failed', `embedded server: ${what} (log: ${place.logFile})`)
}
