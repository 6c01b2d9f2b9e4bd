/** Starts the shell scripts that stop the server: the watcher in the background, and `stop`, which sera waits for. */
import { spawn } from 'node:child_process'
import { onlyThese, plainEnvironment } from './detached.js'
import type { EmbeddedPlace } from './place.js'
import type { EmbeddedHost } from './program.js'
import { STOP_SCRIPT, WATCH_SCRIPT } from './scripts.js'

/** The longest interval of checks in seconds. A check costs a few forks. */
const LONGEST_PAUSE_S = 30

/** Starts a watcher in a session of its own. It ends soon if there is another watcher. */
export function watch(place: EmbeddedPlace, host: EmbeddedHost): void {
  const idle = Math.ceil(place.idleMs / 1000)
  const pause = Math.min(LONGEST_PAUSE_S, Math.max(1, Math.floor(idle / 10)))
  const watcher = spawn('sh', ['-c', WATCH_SCRIPT, 'sera-embedded', place.folder, String(idle), String(pause)], {
    cwd: '/',
    env: plainEnvironment(host.env),
    detached: true,
    stdio: onlyThese(['ignore', 'ignore', 'ignore'], host.descriptors),
  })
  // without a shell, the server runs until it is stopped
  watcher.on('error', () => {})
  watcher.unref()
}

/** A server with much data to write may need this long to stop. */
const STOP_LIMIT_MS = 60_000

/** Stops the server, and waits until it has ended. */
export function stop(place: EmbeddedPlace, force: boolean): Promise<'gone' | 'in use' | 'does not end'> {
  const args = ['-c', STOP_SCRIPT, 'sera-embedded-stop', place.folder, force ? 'force' : 'unused']
  const script = spawn('sh', args, { stdio: 'ignore', timeout: STOP_LIMIT_MS })
  return new Promise((resolve, reject) => {
    script.once('error', reject)
    script.once('exit', code => resolve(code === 0 ? 'gone' : code === 3 ? 'in use' : 'does not end'))
  })
}
