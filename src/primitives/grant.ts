/** The change that lets one claim on. */
import type { Change, Claim, ClaimChange } from '../store/claims.js'

export function granted({ id }: Claim, more: Omit<ClaimChange, 'id' | 'state'> = {}): Change {
  return { claims: [{ id, state: 'granted', ...more }] }
}
