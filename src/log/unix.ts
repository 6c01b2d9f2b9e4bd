/**
 * Syslog on its unix socket, by way of `logger` (util-linux).
 *
 * Neither Node nor Bun can send on a unix datagram socket, and the native module that could (unix-dgram) wants a compiler on Node
 * and ends a Bun binary. `logger` is on every Debian and RHEL, speaks to stream sockets too, and vouches for sera's pid.
 */
import { run } from './program.js'
import type { Speaker, Wire } from './wire.js'

/**
 * Messages are `<priority>text`; `logger` writes the rest. Those that come while one `logger` runs are all the next one's:
 * a burst of lines is not a burst of processes.
 */
export function openUnix(path: string, { tag, pid, spawn }: Speaker): Wire {
  const closing = new AbortController()
  const args = ['--socket', path, '--tag', tag, `--id=${pid}`, '--prio-prefix', '--size', '2048']
  let running: Promise<unknown> | undefined
  let next: { lines: string[]; sent: Promise<void> } | undefined

  async function feed(lines: readonly string[]): Promise<void> {
    await running?.catch(() => undefined)
    next = undefined
    running = run(spawn, 'logger', args, { input: lines.join(''), signal: closing.signal })
    await running
  }

  return {
    send(message) {
      if (next === undefined) {
        const lines: string[] = []
        next = { lines, sent: feed(lines) }
      }
      next.lines.push(`${message}\n`)
      return next.sent
    },
    close: () => closing.abort(),
  }
}
