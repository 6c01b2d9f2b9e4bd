/** How a client acquires the lock: from the tables, or from a gateway. */
export interface HeldByAdapter {
  token: number
  /** Aborts when the lock is lost, early enough to stop. */
  signal: AbortSignal
  release(): Promise<void>
}

export interface LockAdapter {
  acquire(signal: AbortSignal): Promise<HeldByAdapter>
  close(): Promise<void>
}
