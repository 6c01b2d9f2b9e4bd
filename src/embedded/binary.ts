/** Finds a server program on this host, and asks whether it is MariaDB or MySQL: `mysqld` of Debian is MariaDB. */
import { execFile } from 'node:child_process'
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { SeraError } from '../errors.js'

const run = promisify(execFile)

export type ServerKind = 'mariadb' | 'mysql'

export interface ServerBinary {
  kind: ServerKind
  /** As the server reports it, for example `10.11.6-MariaDB`. */
  version: string
  path: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Folders of packaged servers that are often not on PATH. */
const USUAL_PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/libexec', '/usr/local/mysql/bin']

/** The paths of server programs, the preferred one first, each program once. `SERA_MYSQLD` excludes all others. */
function serverPaths(env: Environment, places = USUAL_PLACES): string[] {
  if (env.SERA_MYSQLD) return [env.SERA_MYSQLD]
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...places]
  const found = ['mariadbd', 'mysqld'].flatMap(name => folders.map(folder => join(folder, name))).filter(isProgram)
  const byRealPath = new Map(found.reverse().map(path => [realpathSync(path), path]))
  return [...byRealPath.values()].reverse()
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * Asks a program for its kind and version.
 *
 * @throws SeraError `config` if it cannot be run or is not a server.
 */
export async function identify(path: string): Promise<ServerBinary> {
  let answer: string
  try {
    answer = (await run(path, ['--no-defaults', '--version'])).stdout
  } catch (cause) {
    throw new SeraError('config', `cannot run the server program ${path}: ${lastLine((cause as Error).message)}`, {
      cause,
    })
  }
  const version = /\bVer (\S+)/.exec(answer)?.[1]
  if (version === undefined) throw new SeraError('config', `${path} is not a MariaDB or MySQL server`)
  return { kind: /mariadb/i.test(answer) ? 'mariadb' : 'mysql', version, path }
}

/**
 * The server program to use: the first one that runs, of the given kind.
 *
 * @throws SeraError `config` if there is none; the message says how to install one.
 */
export async function findServer(env: Environment, kind?: ServerKind, places = USUAL_PLACES): Promise<ServerBinary> {
  const failures: unknown[] = []
  for (const path of serverPaths(env, places)) {
    const binary = await identify(path).catch(error => void failures.push(error))
    if (binary && (kind === undefined || binary.kind === kind)) return binary
  }
  throw failures[0] ?? new SeraError('config', nothingFound(env, kind))
}

function nothingFound(env: Environment, kind: ServerKind | undefined): string {
  const wanted = kind === undefined ? 'MariaDB or MySQL' : NAMES[kind]
  if (env.SERA_MYSQLD) return `${env.SERA_MYSQLD} (SERA_MYSQLD) is not ${wanted}`
  const howTo = kind === 'mysql' ? 'MySQL' : 'one (Debian, Ubuntu: apt-get install mariadb-server-core)'
  return `no ${wanted} server program found: install ${howTo}, or set SERA_MYSQLD to its path`
}

/** The names for messages. */
export const NAMES: Record<ServerKind, string> = { mariadb: 'MariaDB', mysql: 'MySQL' }

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}
