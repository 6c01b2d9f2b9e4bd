/**
 * Writes lines to stdout without blocking: a slow reader, or a terminal stopped by Ctrl-S, must not delay the renewals of
 * a gateway. Lines that cannot be written wait in a queue of limited size. When it is full, further lines are dropped and
 * counted. A closed pipe is no error.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import type { Cancel, Clock } from '../../clock.js'

const MOST_BYTES = 1024 * 1024
const RETRY_MS = 50

export class LineOutput {
  readonly #fd: number
  readonly #queue: Buffer[] = []
  #bytes = 0
  #dropped = 0
  #isGone = false
  #retry: Cancel | undefined

  /** @param missing formats the line that reports how many lines were dropped */
  constructor(
    fd: number,
    readonly missing: (lines: number) => string | undefined,
    readonly clock: Clock,
  ) {
    this.#fd = unblocked(fd)
  }

  write(line: string): void {
    if (this.#isGone) return
    if (this.#bytes >= MOST_BYTES) this.#dropped++
    else this.#add(line)
  }

  /** Writes what can be written at once, and drops the rest. */
  close(): void {
    this.#flush()
    this.#isGone = true
    this.#retry?.()
  }

  #add(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    this.#queue.push(bytes)
    this.#bytes += bytes.length
    if (!this.#retry) this.#flush()
  }

  #flush(): void {
    this.#retry?.()
    this.#retry = undefined
    try {
      for (let [bytes] = this.#queue; bytes; [bytes] = this.#queue) this.#wrote(bytes, writeSync(this.#fd, bytes))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN')
        this.#retry = this.clock.after(RETRY_MS, () => this.#flush())
      else this.#gone()
      return
    }
    this.#reportDropped()
  }

  #wrote(bytes: Buffer, length: number): void {
    this.#bytes -= length
    if (length === bytes.length) this.#queue.shift()
    else this.#queue[0] = bytes.subarray(length)
  }

  #reportDropped(): void {
    const lines = this.#dropped
    this.#dropped = 0
    const line = lines > 0 ? this.missing(lines) : undefined
    if (line !== undefined) this.#add(line)
  }

  #gone(): void {
    this.#isGone = true
    this.#queue.length = 0
    this.#bytes = 0
  }
}

/**
 * Opens the same pipe or terminal once more, non-blocking. Making the descriptor itself non-blocking would affect every
 * process that shares it. A file never blocks, and a socket cannot be opened this way: both stay as they are.
 */
function unblocked(fd: number): number {
  try {
    const about = fstatSync(fd)
    if (!about.isFIFO() && !about.isCharacterDevice()) return fd
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    return fd
  }
}
