/** What the rest of sera knows of logging: lines of fields that go to syslog, and a way to know they are on their way. */
export type Severity = 'error' | 'warning' | 'notice' | 'info'

/** Printed as `key=value` in this order; undefined is left out. Numbers are printed as they are. */
export type Fields = Readonly<Record<string, string | number | undefined>>

export interface Log {
  /** Takes a line and returns at once. Never throws. */
  write(severity: Severity, fields: Fields): void
  /** Resolves when every line is on its way, at the latest after 500 ms. Never rejects. */
  close(): Promise<void>
}
