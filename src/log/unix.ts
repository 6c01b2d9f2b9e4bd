/**
 * Syslog on its unix socket, through `logger` (util-linux).
 *
 * Node and Bun cannot send on a unix datagram socket. The native module unix-dgram needs a compiler on Node and crashes a
 * Bun binary. Every Debian and RHEL has `logger`. It supports stream sockets, too, and reports the pid of sera.
 */
import { run } from './program.js'
import type { Speaker, Wire } from './wire.js'

/**
 * Messages are `<priority>text`; `logger` adds the rest. Messages that arrive while a `logger` runs share the next one, so
 * many lines do not start many processes.
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
