/**
 * One log line from fields: `outcome=timed-out wait=90 command="migrate.sh --all"`.
 *
 * A value that is empty or has white space, `"`, `=`, `\` or anything invisible in it is written as a JSON string, so
 * that a line can be read back and no value can forge a field or a line. Keys are sera's own words and stand as
 * they are.
 */
import type { Fields } from './log.js'

/**
 * Bytes of the longest line. RFC 3164 allows 1024 a message, which is one packet on any network; the header takes at most 138
 * (priority, time, a host name of 64, a tag of 32, a pid of seven digits).
 */
export const MAX_LINE_BYTES = 1024 - 138

const CUT = '…'
const BARE = /^[^\s"=\\\p{C}]+$/u
/** What JSON.stringify leaves as it is and a terminal or a log reader does not: DEL, C1, separators, text direction. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** A line of at most {@link MAX_LINE_BYTES}; where it would be longer, its longest values are cut and end in `…`. */
export function formatLine(fields: Fields): string {
  const entries = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, text(value)] as const],
  )
  const line = (limit: number) => entries.map(([key, value]) => `${key}=${shorten(value, limit)}`).join(' ')
  const whole = line(MAX_LINE_BYTES)
  return size(whole) <= MAX_LINE_BYTES ? whole : line(largest(limit => size(line(limit)) <= MAX_LINE_BYTES))
}

/** Every character is a byte at least: what lies beyond the limit would be cut off anyway. */
function text(value: string | number): string {
  return String(value).slice(0, MAX_LINE_BYTES + 1)
}

/** A value as it stands in a line. */
export function formatValue(value: string): string {
  return BARE.test(value) ? value : formatJson(value)
}

/** JSON without anything invisible in it. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value).replace(INVISIBLE, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The value as it is printed, cut between two characters where that takes more than `limit` bytes. */
function shorten(value: string, limit: number): string {
  const whole = formatValue(value)
  if (size(whole) <= limit) return whole
  let room = limit - size(formatJson(CUT))
  let kept = ''
  for (const character of value) {
    room -= size(formatJson(character)) - 2
    if (room < 0) break
    kept += character
  }
  return formatValue(kept + CUT)
}

/** The largest limit that passes. Limits that leave nothing but the mark are the smallest there are. */
function largest(passes: (limit: number) => boolean): number {
  let [low, high] = [size(CUT), MAX_LINE_BYTES]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (passes(middle)) low = middle
    else high = middle - 1
  }
  return low
}

function size(line: string): number {
  return Buffer.byteLength(line)
}
