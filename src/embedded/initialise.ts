/**
 * Makes the data folder of a private server: root without a password from this machine, and whatever SQL the caller
 * adds. MySQL does it itself; for MariaDB the SQL that `mariadb-install-db` would feed to `--bootstrap` is fed here, for
 * that script wants the client package, takes ten times as long and, run by root, changes the system's PAM helper.
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
  /** Made here; must not exist. */
  data: string
  asRoot: boolean
  /** Statements, one a line, run once at the end. */
  sql: readonly string[]
  env: NodeJS.ProcessEnv
  /** A descriptor the initialiser inherits, so that a lock on it lives until it is gone. */
  inherit?: number | undefined
}

/** @throws SeraError `lock-failed` with the last line the initialiser wrote. */
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
  const said = collect(child)
  // an initialiser that ends early closes its stdin; its exit code tells
  child.stdin?.on('error', () => {})
  child.stdin?.end(sql)
  const code = await exitOf(child)
  if (code === 0) return
  throw new SeraError('lock-failed', `${init.binary.path} could not create its data: ${lastError(said.text)}`)
}

function collect(child: ChildProcess): { text: string } {
  const said = { text: '' }
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said.text += chunk
  })
  return said
}

function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
}

/** Help texts and the sys schema are left out: nobody asks a private server for them. */
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
  // bootstrap knows of accounts only after it has read their tables
  return `${[...opening, ...parts, 'flush privileges;', ...init.sql].join('\n')}\n`
}

/** The folder of the SQL files, which goes by two names and hangs below the program's prefix. */
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

/** What a server said went wrong: its last line marked as an error (other than that it gives up), else its last line. */
export function lastError(text: string): string {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return (
    lines.findLast(line => /\bERROR\b/.test(line) && !/\] Aborting$/.test(line)) ??
    lines.at(-1) ??
    'it printed no error'
  ).trim()
}
