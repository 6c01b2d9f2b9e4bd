/** The options of a small private server, as data. Every list starts with `--no-defaults`, which must come first. */
import type { ServerKind } from './binary.js'

/** The options that determine the format of the data. They must be the same when data is created and when it is used. */
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

/** Hardly any caches: there are few tables and many waiting connections. */
const SMALL: Record<ServerKind, readonly string[]> = {
  mariadb: [
    '--innodb-buffer-pool-size=16M',
    '--innodb-log-buffer-size=2M',
    '--key-buffer-size=64K',
    '--aria-pagecache-buffer-size=1M',
    '--query-cache-size=0',
    '--table-open-cache=200',
    // 1: no line for each aborted connection
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
  /** The data folder. */
  data: string
  /** sera runs as root: without --user=root the server would refuse to start. */
  asRoot: boolean
}

export interface ServerRun extends ServerPlace {
  socketPath: string
  pidFile: string
  logFile: string
  maxConnections: number
}

/** The options that create the data of a server. */
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

/** The options that run a server. The caller adds a port, or `--skip-networking`. */
export function runOptions(run: ServerRun): string[] {
  return [
    '--no-defaults',
    `--datadir=${run.data}`,
    `--tmpdir=${run.data}`,
    `--socket=${run.socketPath}`,
    `--pid-file=${run.pidFile}`,
    `--log-error=${run.logFile}`,
    `--max-connections=${run.maxConnections}`,
    // enough for max-connections and the table cache, also if the soft limit is lower
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
