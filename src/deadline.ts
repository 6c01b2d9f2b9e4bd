/** The end of a whole wait: a point in time, and a signal that ends it earlier. It is passed on unchanged: no timeout restarts. */
export interface Deadline {
  /** Monotonic clock, ms; Infinity: no deadline. In the past: one try. */
  until: number
  signal?: AbortSignal | undefined
}
