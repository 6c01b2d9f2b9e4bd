/** Compares the clocks of the servers with this host's, and with each other. */
import { formatDuration } from '../../config/duration.js'
import type { ClockReading } from '../../store/diagnosis.js'
import { Undisclosed } from '../../store/table-diagnosis.js'
import { bad, type Check, good, unknown, warning } from './check.js'

const SKEWED_MS = 1000

const SYNCHRONISE = 'synchronise the clocks (chrony, systemd-timesyncd)'

/** How far the server's clock is ahead of this host's, ms, and the error of that: half the round trip. */
export function clockDifference({ before, after, server }: ClockReading): { ms: number; errorMs: number } {
  const said = Date.parse(`${server.replace(' ', 'T').slice(0, 23)}Z`)
  return { ms: said - (before + after) / 2, errorMs: (after - before) / 2 }
}

/** Locks use the monotonic clock of each process and the server's clock. The wall clock of this host matters for logs only. */
export function clock(reading: ClockReading | Undisclosed, maxClockSkewMs: number): Check {
  if (reading instanceof Undisclosed) return unknown('clock', reading.reason)
  const { ms, errorMs } = clockDifference(reading)
  if (!Number.isFinite(ms)) return unknown('clock', 'the server returned no valid time')
  const off = Math.abs(ms) - errorMs
  const says = `${rounded(Math.abs(ms))} ${ms > 0 ? 'ahead of' : 'behind'} this host's`
  if (off <= 0) return good('clock', `the same as this host's, within ${rounded(errorMs)}`)
  if (off <= SKEWED_MS) return good('clock', says)
  if (off <= maxClockSkewMs) return warning('clock', `${says}: locks work, but logs are hard to compare`, SYNCHRONISE)
  const more = `more than maxClockSkew (${formatDuration(maxClockSkewMs)})`
  return bad('clock', `${says}, ${more}: one of the two clocks is wrong`, SYNCHRONISE)
}

/** Compares the members of a cluster. Two of them may measure the age of one sighting, which allows for `maxClockSkew`. */
export function clocksAmong(readings: readonly ClockReading[], maxClockSkewMs: number): Check[] {
  const found = readings.map(clockDifference).filter(({ ms }) => Number.isFinite(ms))
  if (found.length < 2) return []
  const errorMs = 2 * Math.max(...found.map(one => one.errorMs))
  const apart = Math.max(...found.map(({ ms }) => ms)) - Math.min(...found.map(({ ms }) => ms))
  const says = `the clocks of the servers differ by at most ${rounded(apart)}`
  if (apart - errorMs <= SKEWED_MS) return [good('clocks', says)]
  if (apart - errorMs <= maxClockSkewMs) {
    return [warning('clocks', `${says}; the limit is ${formatDuration(maxClockSkewMs)} (maxClockSkew)`, SYNCHRONISE)]
  }
  const danger = 'a live claim can be taken for expired'
  return [bad('clocks', `${says}, more than maxClockSkew (${formatDuration(maxClockSkewMs)}): ${danger}`, SYNCHRONISE)]
}

/** At least 1 ms, and whole seconds from 10 s on. */
export function rounded(ms: number): string {
  return formatDuration(ms < 10_000 ? Math.max(1, Math.round(ms)) : Math.round(ms / 1000) * 1000)
}
