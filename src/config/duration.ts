/** Durations as people write them: in the config file, in the environment, and as `<wait>` on the command line. */

const NUMBER = String.raw`(\d+(?:\.\d+)?|\.\d+)`
const SECONDS = new RegExp(`^${NUMBER}$`)
/** Each unit at most once and the larger first, so that `5m5m` or `30m1h` is the typing error it looks like. */
const COMPOUND = new RegExp(`^(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m)?(?:${NUMBER}s)?(?:${NUMBER}ms)?$`)
const UNITS = [86_400_000, 3_600_000, 60_000, 1000, 1] as const

/**
 * Milliseconds of `90` (seconds), `1.5`, `500ms`, `90s`, `5m`, `1h30m`, `2d`; undefined for anything else, so that the
 * caller can say where the text came from. Whole milliseconds; what is more than nothing is at least one.
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
 * For messages, in the grammar that `parseWait` reads, so that it can be pasted back: `500ms`, `90s`, `1h30m`,
 * `forever`. Seconds stay seconds below two minutes, as people say "90 seconds".
 *
 * @param exactMs rounded to whole milliseconds; or Infinity
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

/** Whole milliseconds of a number of seconds; undefined where the number is no duration. */
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
