/**
 * How long a whole wait may take: one point in time, and the signal that ends it earlier. It is handed down as it is, so that no
 * timeout starts again on the way.
 */
export interface Deadline {
  /** Monotonic clock, ms; Infinity: none. In the past: one try. */
  until: number
  signal?: AbortSignal | undefined
}
