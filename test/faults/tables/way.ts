/** A way to the lock: how a client gets it, whatever stands between it and the tables. */
export interface Held {
  token: number
  /** Aborts when it is lost, in time to stop. */
  signal: AbortSignal
  release(): Promise<void>
}

export interface Way {
  take(signal: AbortSignal): Promise<Held>
  close(): Promise<void>
}
