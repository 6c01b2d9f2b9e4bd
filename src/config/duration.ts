/** Reads and formats durations, for the config file, the environment and the command line. */

const NUMBER = String.raw`(\d+(?:\.\d+)?|\.\d+)`
const SECONDS = new RegExp(`^${NUMBER}$`)
/** Each unit at most once, larger units first: `5m5m` and `30m1h` are most likely typing errors. */
const COMPOUND = new RegExp(`^(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m)?(?:${NUMBER}s)?(?:${NUMBER}ms)?$`)
const UNITS = [86_400_000, 3_600_000, 60_000, 1000, 1] as const

/**
 * Reads `90` (seconds), `1.5`, `500ms`, `90s`, `5m`, `1h30m`, `2d`. The result is in whole milliseconds, at least 1 for a
 * positive duration. Undefined for anything else; the caller knows where the text came from.
 */
export function parseDuration(text: string): number | undefined {
  const seconds = SECONDS.exec(text)
  if (seconds) return secondsToMs(Number(seconds[1]))
  const amounts = text === '' ? null : COMPOUND.exec(text)
  if (!amounts) return undefined
  return wholeMs(UNITS.reduce((sum, unit, index) => sum + Number(amounts[index + 1] ?? 0) * unit, 0))
}

/** A duration, or `forever`, which is Infinity. Undefined for anything else. */
export function parseWait(text: string): number | undefined {
  return text === 'forever' ? Number.POSITIVE_INFINITY : parseDuration(text)
}

/**
 * Formats a duration for messages, in the grammar of `parseWait`: `500ms`, `90s`, `1h30m`, `forever`. Below two minutes
 * it uses seconds only.
 *
 * @param exactMs is rounded to whole milliseconds; may be Infinity
 */
export function formatDuration(exactMs: number): string {
  if (exactMs === Number.POSITIVE_INFINITY) return 'forever'
  const ms = Math.round(exactMs)
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`
  if (ms < 120_000) return `${ms / 1000}s`
  const [days, hours, minutes] = [
    Math.floor(ms / 86_400_000),
    Math.floor(ms / 3_600_000) % 24,
    Math.floor(ms / 60_000) % 60,
  ]
  const seconds = (ms % 60_000) / 1000
  return `${part(days, 'd')}${part(hours, 'h')}${part(minutes, 'm')}${part(seconds, 's')}`
}

/** Whole milliseconds of a number of seconds; undefined if the number is not a duration. */
export function secondsToMs(seconds: number): number | undefined {
  return seconds >= 0 ? wholeMs(seconds * 1000) : undefined
}

function part(amount: number, unit: string): string {
  return amount === 0 ? '' : `${amount}${unit}`
}

function wholeMs(ms: number): number | undefined {
  const whole = ms > 0 ? Math.max(1, Math.round(ms)) : 0
  return Number.isSafeInteger(whole) ? whole : undefined
}
