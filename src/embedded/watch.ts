/** The shell processes that end the server: the watcher, which stays, and `stop`, which is waited for. */
import { spawn } from 'node:child_process'
import { onlyThese, plainEnvironment } from './detached.js'
import type { EmbeddedPlace } from './place.js'
import type { EmbeddedHost } from './program.js'
import { STOP_SCRIPT, WATCH_SCRIPT } from './scripts.js'

/** Seconds between looks at most: the server is needed or it isn't, and a look costs a few forks. */
const LONGEST_PAUSE_S = 30

/** Starts a watcher in a session of its own. It ends at once when there is one already. */
export function watch(place: EmbeddedPlace, host: EmbeddedHost): void {
  const idle = Math.ceil(place.idleMs / 1000)
  const pause = Math.min(LONGEST_PAUSE_S, Math.max(1, Math.floor(idle / 10)))
  const watcher = spawn('sh', ['-c', WATCH_SCRIPT, 'sera-embedded', place.folder, String(idle), String(pause)], {
    cwd: '/',
    env: plainEnvironment(host.env),
    detached: true,
    stdio: onlyThese(['ignore', 'ignore', 'ignore'], host.descriptors),
  })
  // no shell: the server stays until it is stopped
  watcher.on('error', () => {})
  watcher.unref()
}

/** A server that is asked to end and has much to write may need as long as this. */
const STOP_LIMIT_MS = 60_000

/** Ends the server and waits until it is gone. */
export function stop(place: EmbeddedPlace, force: boolean): Promise<'gone' | 'in use' | 'does not end'> {
  const args = ['-c', STOP_SCRIPT, 'sera-embedded-stop', place.folder, force ? 'force' : 'unused']
  const script = spawn('sh', args, { stdio: 'ignore', timeout: STOP_LIMIT_MS })
  return new Promise((resolve, reject) => {
    script.once('error', reject)
    script.once('exit', code => resolve(code === 0 ? 'gone' : code === 3 ? 'in use' : 'does not end'))
  })
}
