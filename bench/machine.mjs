/** Describes the machine, for a table of figures. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import mysql from 'mysql2/promise'

export async function circumstances({ kind, version, socketPath }) {
  const root = await mysql.createConnection({ user: 'root', socketPath })
  const [[{ flush }]] = await root.query('SELECT @@innodb_flush_log_at_trx_commit AS flush')
  await root.end()
  const bun = existsSync('node_modules/.bin/bun') ? answer('node_modules/.bin/bun', '--version') : 'none'
  const load = loadavg().map(n => n.toFixed(1))
  return [
    `date     ${new Date().toISOString().slice(0, 10)}`,
    `machine  ${cpus().length} cores (${cpus()[0]?.model.trim()}), Linux ${release().split('.', 2).join('.')}, load ${load.join(' ')}`,
    `runtimes Node ${process.versions.node}, Bun ${bun}`,
    `server   ${kind} ${version} on a unix socket, innodb_flush_log_at_trx_commit ${flush} (get_lock writes nothing)`,
  ].join('\n')
}

function answer(program, ...args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
