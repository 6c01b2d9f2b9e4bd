/** Checks that the lease is long enough for the grace. */
import { SeraError, type SeraErrorKind } from '../errors.js'
import { SAFETY_MARGIN_MS } from '../fence.js'
import { formatDuration } from './duration.js'

/** The locks of a vanished host stay held for a lease. A timer of more than 24 days would fire at once. */
const MAX_LEASE_MS = 86_400_000

/**
 * Ending a command takes grace and margin from the lease. sera renews every third of the lease, and one renewal may fail,
 * so half of the lease must be left.
 *
 * @throws SeraError of `kind`
 */
export function checkLease(
  { leaseMs, graceMs }: { leaseMs: number; graceMs: number },
  kind: SeraErrorKind,
  originOf: (name: 'lease' | 'grace') => string,
): void {
  if (leaseMs > MAX_LEASE_MS) {
    throw new SeraError(kind, `${originOf('lease')}: a lease must be at most ${formatDuration(MAX_LEASE_MS)}`)
  }
  const needed = graceMs + SAFETY_MARGIN_MS
  if (needed < leaseMs / 2) return
  throw new SeraError(
    kind,
    `grace (${formatDuration(graceMs)}, ${originOf('grace')}) and a margin of ${formatDuration(SAFETY_MARGIN_MS)} ` +
      `must be less than half the lease (${formatDuration(leaseMs)}, ${originOf('lease')}): ${remedy(leaseMs, needed)}`,
  )
}

function remedy(leaseMs: number, needed: number): string {
  const longer = `make the lease longer than ${formatDuration(needed * 2)}`
  const grace = leaseMs / 2 - SAFETY_MARGIN_MS
  return grace > 0 ? `${longer} or grace shorter than ${formatDuration(Math.floor(grace))}` : longer
}
