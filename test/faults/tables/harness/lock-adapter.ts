/** A way to the lock: how a client gets it, whatever stands between it and the tables. */
export interface HeldByAdapter {
  token: number
  /** Aborts when it is lost, in time to stop. */
  signal: AbortSignal
  release(): Promise<void>
}

export interface LockAdapter {
  acquire(signal: AbortSignal): Promise<HeldByAdapter>
  close(): Promise<void>
}
