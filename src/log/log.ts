/** The interface of logging: write lines of fields to syslog, and wait until they are sent. */
export type Severity = 'error' | 'warning' | 'notice' | 'info'

/** Printed as `key=value` in this order; undefined values are left out. */
export type Fields = Readonly<Record<string, string | number | undefined>>

export interface Log {
  /** Queues a line and returns at once. Never throws. */
  write(severity: Severity, fields: Fields): void
  /** Resolves when every line is sent, at the latest after 500 ms. Never rejects. */
  close(): Promise<void>
}
