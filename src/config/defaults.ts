/** What holds when nobody says otherwise, for the command line and the library alike. */
export const DEFAULTS = {
  leaseMs: 60_000,
  graceMs: 10_000,
  connectWaitMs: 30_000,
  maxClockSkewMs: 30_000,
  historyMs: 30 * 86_400_000,
} as const
