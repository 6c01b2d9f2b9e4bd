/** Durations and waits as users of the library write them. */
import { parseWait } from '../config/duration.js'
import { SeraError } from '../errors.js'

export interface WaitOptions {
  /** Milliseconds, or text like `'500ms'`, `'30s'`, `'1h30m'` or `'forever'`, which is the default. 0: one try. */
  wait?: number | string | undefined
  /** Breaks the wait off: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * Milliseconds of a duration; Infinity for `forever`. `what` is what messages call it.
 *
 * @throws SeraError usage
 * @example parseDurationOption('wait', '1h30m')
 */
export function parseDurationOption(what: string, value: unknown): number {
  const ms = typeof value === 'string' ? parseWait(value) : value
  if (typeof ms === 'number' && ms >= 0) return ms
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value)
  throw new SeraError('usage', `${what}: expected milliseconds, or text like '30s', '1h30m' or 'forever'; got ${got}`)
}
