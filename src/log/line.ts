/**
 * Formats one log line from fields: `outcome=timed-out wait=90 command="migrate.sh --all"`.
 *
 * A value is written as a JSON string if it is empty or contains white space, `"`, `=`, `\` or an invisible character. So
 * a program can parse the line, and no value can forge a field or a line. Keys are names of sera's own and need no quotes.
 */
import type { Fields } from './log.js'

/**
 * The limit of a line in bytes. RFC 3164 allows 1024 bytes for a message, which is one packet on any network. The header
 * takes at most 138: priority, time, a host name of 64, a tag of 32, a pid of seven digits.
 */
export const MAX_LINE_BYTES = 1024 - 138

const CUT = '…'
const BARE = /^[^\s"=\\\p{C}]+$/u
/** Characters that JSON.stringify does not escape, but a terminal or log reader may act on: DEL, C1, separators, direction. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** A line of at most {@link MAX_LINE_BYTES}. If it would be longer, its longest values are cut and end in `…`. */
export function formatLine(fields: Fields): string {
  const entries = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, text(value)] as const],
  )
  const line = (limit: number) => entries.map(([key, value]) => `${key}=${shorten(value, limit)}`).join(' ')
  const whole = line(MAX_LINE_BYTES)
  return size(whole) <= MAX_LINE_BYTES ? whole : line(largest(limit => size(line(limit)) <= MAX_LINE_BYTES))
}

/** Each character takes at least a byte, so text beyond the limit would be cut anyway. */
function text(value: string | number): string {
  return String(value).slice(0, MAX_LINE_BYTES + 1)
}

/** A value in the form that a line needs. */
export function formatValue(value: string): string {
  return BARE.test(value) ? value : formatJson(value)
}

/** JSON with invisible characters escaped. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value).replace(INVISIBLE, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The formatted value, cut between two characters if it takes more than `limit` bytes. */
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

/** The largest limit that passes. The smallest limit leaves only the mark. */
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
