/** Where a server is and how to talk to it, parsed from a go-sql-driver DSN or a `mysql://` URL. */
export interface Dsn {
  user: string
  password: string
  address: { net: 'tcp'; host: string; port: number } | { net: 'unix'; path: string } | { net: 'embedded' }
  database: string | undefined
  /** Time for one connection attempt, ms. */
  connectTimeoutMs: number
  /** Time one answer may take, ms; 0 = no limit. Not applied to waiting for a lock. */
  readTimeoutMs: number
  writeTimeoutMs: number
  tls: DsnTls
  charset: string | undefined
  collation: string | undefined
  /** Parameters that are not honoured, as `name=value`; `doctor` warns of them. */
  ignored: string[]
}

export interface DsnTls {
  mode: 'off' | 'preferred' | 'skip-verify' | 'verify'
  /** Files, PEM. */
  ca?: string
  cert?: string
  key?: string
}
