/** The options of a small private server, as data. Every list starts with `--no-defaults`, which has to come first. */
import type { ServerKind } from './binary.js'

/** Everything that decides the format of the data; the same when data is made and when it is used. */
const FORMAT: Record<ServerKind, readonly string[]> = {
  mariadb: [
    '--innodb-data-file-path=ibdata1:1M:autoextend',
    '--innodb-temp-data-file-path=ibtmp1:1M:autoextend',
    '--innodb-autoextend-increment=1',
    '--innodb-log-file-size=4M',
    '--aria-log-file-size=8M',
  ],
  mysql: ['--innodb-redo-log-capacity=8M', '--innodb-autoextend-increment=1'],
}

/** A few tables and many connections that wait: next to no caches. */
const SMALL: Record<ServerKind, readonly string[]> = {
  mariadb: [
    '--innodb-buffer-pool-size=16M',
    '--innodb-log-buffer-size=2M',
    '--key-buffer-size=64K',
    '--aria-pagecache-buffer-size=1M',
    '--query-cache-size=0',
    '--table-open-cache=200',
    // 1: no note for each connection that ends without a word
    '--log-warnings=1',
  ],
  mysql: [
    '--skip-log-bin',
    '--mysqlx=OFF',
    '--innodb-buffer-pool-size=16M',
    '--innodb-log-buffer-size=2M',
    '--key-buffer-size=64K',
    '--table-open-cache=200',
    '--table-definition-cache=400',
    '--log-error-verbosity=2',
  ],
}

export interface ServerPlace {
  kind: ServerKind
  /** Data folder. */
  data: string
  /** A server started by root wants to be told that it may run as root. */
  asRoot: boolean
}

export interface ServerRun extends ServerPlace {
  socketPath: string
  pidFile: string
  logFile: string
  maxConnections: number
}

/** To make the data of a server. */
export function initialiseOptions({ kind, data, asRoot }: ServerPlace): string[] {
  const how = kind === 'mariadb' ? '--bootstrap' : '--initialize-insecure'
  return [
    '--no-defaults',
    how,
    `--datadir=${data}`,
    `--tmpdir=${data}`,
    ...userOption(asRoot),
    ...FORMAT[kind],
    ...SMALL[kind],
  ]
}

/** To run a server; whoever wants a port adds it, and `--skip-networking` is for whoever does not. */
export function runOptions(run: ServerRun): string[] {
  return [
    '--no-defaults',
    `--datadir=${run.data}`,
    `--tmpdir=${run.data}`,
    `--socket=${run.socketPath}`,
    `--pid-file=${run.pidFile}`,
    `--log-error=${run.logFile}`,
    `--max-connections=${run.maxConnections}`,
    // what max-connections and the table cache need, also where the limit is low
    `--open-files-limit=${run.maxConnections + 500}`,
    '--skip-name-resolve',
    ...userOption(run.asRoot),
    ...FORMAT[run.kind],
    ...SMALL[run.kind],
  ]
}

function userOption(asRoot: boolean): string[] {
  return asRoot ? ['--user=root'] : []
}
