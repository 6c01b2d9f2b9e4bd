/**
 * Creates the data folder of a private server: an account root without a password, for local connections, and the SQL of
 * the caller. MySQL does it by itself. For MariaDB, sera feeds `--bootstrap` the SQL that `mariadb-install-db` would. That
 * script needs the client package, takes ten times as long and, run by root, changes the PAM helper of the system.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { SeraError } from '../errors.js'
import type { ServerBinary } from './binary.js'
import { initialiseOptions } from './options.js'

export interface Initialisation {
  binary: ServerBinary
  /** Created here; must not exist. */
  data: string
  asRoot: boolean
  /** Statements, one a line, run once at the end. */
  sql: readonly string[]
  env: NodeJS.ProcessEnv
  /** A descriptor that the initialiser inherits, so a lock on it lasts until the initialiser has ended. */
  inherit?: number | undefined
}

/** @throws SeraError `lock-failed` with the last error that the initialiser printed */
export async function initialise(init: Initialisation): Promise<void> {
  await mkdir(init.data, { recursive: true, mode: 0o700 })
  const args = initialiseOptions({ kind: init.binary.kind, data: init.data, asRoot: init.asRoot })
  if (init.binary.kind === 'mariadb') return feed(init, args, await bootstrapSql(init))
  const sqlFile = `${init.data}.sql`
  await writeFile(sqlFile, init.sql.join('\n'))
  return feed(init, [...args, `--init-file=${sqlFile}`], '')
}

async function feed(init: Initialisation, args: string[], sql: string): Promise<void> {
  const child = spawn(init.binary.path, args, {
    cwd: init.data,
    env: init.env,
    stdio: ['pipe', 'ignore', 'pipe', init.inherit ?? 'ignore'],
  })
  const output = collect(child)
  // an initialiser that ends early closes its stdin; its exit code reports the failure
  child.stdin?.on('error', () => {})
  child.stdin?.end(sql)
  const code = await exitOf(child)
  if (code === 0) return
  throw new SeraError('lock-failed', `${init.binary.path} could not create its data: ${lastError(output.text)}`)
}

function collect(child: ChildProcess): { text: string } {
  const output = { text: '' }
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    output.text += chunk
  })
  return output
}

function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
}

/** Without the help texts and the sys schema, which a private server does not need. */
const SYSTEM_TABLES = ['system_tables', 'performance_tables', 'system_tables_data']

async function bootstrapSql(init: Initialisation): Promise<string> {
  const share = await shareFolder(init)
  const parts = SYSTEM_TABLES.map(name => {
    const path = [`mariadb_${name}.sql`, `mysql_${name}.sql`].map(file => join(share, file)).find(existsSync)
    if (path === undefined)
      throw new SeraError('lock-failed', `${share} has no ${name}.sql, which MariaDB's data needs`)
    return readFileSync(path, 'utf8')
  })
  const opening = ['create database mysql;', 'use mysql;', 'set @auth_root_socket=null;']
  // bootstrap knows the accounts only after it has read their tables
  return `${[...opening, ...parts, 'flush privileges;', ...init.sql].join('\n')}\n`
}

/** The folder of the SQL files: below the prefix of the program, under one of several names. */
async function shareFolder(init: Initialisation): Promise<string> {
  const help = await promisify(execFile)(init.binary.path, ['--no-defaults', '--verbose', '--help'], {
    maxBuffer: 16 * 1024 * 1024,
    env: init.env,
  })
  const basedir = /^basedir\s+(\S.*)$/m.exec(help.stdout)?.[1]?.trim()
  const prefixes = [basedir, dirname(dirname(init.binary.path)), '/usr'].filter(prefix => prefix !== undefined)
  const folders = prefixes.flatMap(prefix => ['share/mysql', 'share/mariadb', 'share'].map(name => join(prefix, name)))
  const found = folders.find(folder => existsSync(join(folder, 'fill_help_tables.sql')))
  if (found !== undefined) return found
  throw new SeraError('lock-failed', `no MariaDB SQL files found in ${folders.join(', ')}: install its server package`)
}

/** The error in a server's output: its last line marked ERROR other than `Aborting`, or else its last line. */
export function lastError(text: string): string {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return (
    lines.findLast(line => /\bERROR\b/.test(line) && !/\] Aborting$/.test(line)) ??
    lines.at(-1) ??
    'it printed no error'
  ).trim()
}
