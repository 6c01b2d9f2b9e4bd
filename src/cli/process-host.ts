/** The `Host` of this process. Only this file touches `process`, and `main.ts`, which ends it. */
import { readSync, writeSync } from 'node:fs'
import { isatty, type WriteStream } from 'node:tty'
import { ignoredSignals, inheritedDescriptors, signalsIn } from '../child/process-table.js'
import { systemClock, systemRandom } from '../clock.js'
import type { Host, Terminal } from '../host.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
type Forwarded = (typeof SIGNALS)[number]

export function processHost(): Host {
  const descriptors = inheritedDescriptors() // before anything else is opened
  const { SERA_SIGIGN: mask, ...env } = process.env
  // Node resets ignored signals before any script runs, so `bin/sera` passes their mask on. Bun leaves them alone.
  const ignored = (mask ? signalsIn(mask) : ignoredSignals('self')).filter(signal =>
    SIGNALS.includes(signal as Forwarded),
  )
  return {
    pid: process.pid,
    runtime: process.versions.bun ? `bun ${process.versions.bun}` : `node ${process.versions.node}`,
    env,
    clock: systemClock,
    random: systemRandom,
    descriptors,
    ignored,
    onSignal: listener => listen(listener, ignored),
    kill: (pid, signal) => process.kill(pid, signal),
    stdin: { isTerminal: isatty(0), line: async () => readLine(0), keys },
    stdout: terminal(1, () => process.stdout),
    stderr: terminal(2, () => process.stderr),
  }
}

/** Until the first listener, signals keep their default action. From then on the listeners decide. */
const listeners: ((signal: NodeJS.Signals) => void)[] = []
let listening = false

function listen(listener: (signal: NodeJS.Signals) => void, ignored: readonly NodeJS.Signals[]): () => void {
  listeners.push(listener)
  if (!listening) for (const signal of SIGNALS) process.on(signal, () => ignored.includes(signal) || deliver(signal))
  listening = true
  return () => listeners.splice(listeners.indexOf(listener), 1)
}

function deliver(signal: NodeJS.Signals): void {
  for (const listener of [...listeners]) listener(signal)
}

/** A message on stderr waits at most this long for a slow reader. Output on stdout waits without a limit. */
const SAYING_MS = 1000
const RETRY_MS = 10

/** One read of a terminal returns one line. */
function readLine(fd: number): string {
  const line = Buffer.alloc(1024)
  return line.toString('utf8', 0, readSync(fd, line))
}

/** Writes synchronously. process.stdout would load a stream, and could lose the end of the output to a pipe at exit. */
function terminal(fd: number, stream: () => Partial<Pick<WriteStream, 'columns' | 'rows'>>): Terminal {
  const isTerminal = isatty(fd)
  const tries = fd === 1 ? Number.POSITIVE_INFINITY : SAYING_MS / RETRY_MS
  let failure: string | undefined
  return {
    isTerminal,
    get failure() {
      return failure
    },
    // only for a terminal: the question loads the stream
    get columns() {
      return (isTerminal && stream().columns) || 80
    },
    get rows() {
      return (isTerminal && stream().rows) || 24
    },
    write(text) {
      let rest = Buffer.from(text)
      for (let left = tries; rest.length > 0 && left > 0; left--) {
        try {
          rest = rest.subarray(writeSync(fd, rest))
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException
          if (code !== 'EAGAIN') {
            if (code !== 'EPIPE') failure = message
            return false
          }
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
        }
      }
      return rest.length === 0
    },
  }
}

/** Reads keys. This needs the stream of stdin, which is loaded only here. */
function keys(listener: (key: string) => void): () => void {
  const hear = (data: Buffer) => listener(data.toString())
  process.stdin.setRawMode?.(true)
  process.stdin.on('data', hear).resume()
  return () => {
    process.stdin.off('data', hear).pause()
    process.stdin.setRawMode?.(false)
  }
}
