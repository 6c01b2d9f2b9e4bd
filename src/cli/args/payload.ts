/** Reads `--payload`: literal text, `@FILE`, or `-` for stdin. */
import { closeSync, openSync, readSync } from 'node:fs'
import { whyUnreadable } from '../../config/file.js'
import { SeraError } from '../../errors.js'
import { LONGEST_PAYLOAD } from '../../primitives/rendezvous/candidate.js'

/** @throws SeraError usage if it cannot be read or is not UTF-8 text */
export function readPayload(given: string | undefined): string | undefined {
  if (given === '-') return readable('stdin', () => beginningOf(0))
  if (!given?.startsWith('@')) return given
  return readable(given.slice(1), () => {
    const file = openSync(given.slice(1), 'r')
    try {
      return beginningOf(file)
    } finally {
      closeSync(file)
    }
  })
}

function readable(what: string, read: () => Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(read())
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8 text' : whyUnreadable(cause)
    throw new SeraError('usage', `--payload: cannot read ${what}: ${reason}`, { cause })
  }
}

/** Reads to the end, or one byte more than allowed, because the input may be endless. */
function beginningOf(file: number): Buffer {
  const buffer = Buffer.alloc(LONGEST_PAYLOAD + 1)
  let length = 0
  while (length < buffer.length) {
    const read = readNext(file, buffer, length)
    if (read === 0) break
    length += read
  }
  return buffer.subarray(0, length)
}

function readNext(file: number, buffer: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(file, buffer, at, buffer.length - at, null)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10) // another program has made the descriptor non-blocking
    }
  }
}
