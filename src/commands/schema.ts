/**
 * `sera schema print`: prints the lock tables as SQL for a DBA. It asks no server, so one text serves MariaDB and MySQL:
 * where the words differ (names of collations), each server reads its own and takes the other one for a comment.
 * @see https://mariadb.com/kb/en/comment-syntax/
 */
import { checkAskable, confirm } from '../cli/output/confirm.js'
import { type Dsn, describeDsn } from '../config/dsn.js'
import { SeraError } from '../errors.js'
import type { Outcome } from '../outcome.js'
import type { RunContext, Task } from '../run/context.js'
import { openTables } from '../run/open-session.js'
import { PRIVILEGES, statementsSince } from '../store/schema/schema.js'
import * as tables from '../store/tables/migrate.js'
import type { RetryingClient } from '../store/tables/retrying-client.js'
import { databaseOf } from '../store/tables/table-connection.js'

/** `sera schema print`. */
export function printSchema(): Task {
  return async ({ host, settings }) => {
    host.stdout.write(schema(settings.server))
    return { kind: 'done' }
  }
}

function schema({ user, database }: Pick<Dsn, 'user' | 'database'>): string {
  const into = `\`${(database ?? 'sera').replaceAll('`', '``')}\``
  const account = `'${(user || 'sera').replaceAll("'", "''")}'@'%'`
  const statements = forBoth(statementsSince(0, true), statementsSince(0, false))
  const names = statements.flatMap(statement => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? [])
  return [
    '-- Creates the lock tables of sera on MariaDB or MySQL, or updates older ones, and grants its account what it needs.',
    `CREATE DATABASE IF NOT EXISTS ${into};`,
    `USE ${into};`,
    '',
    ...statements.map(statement => `${statement};\n`),
    ...names.map(name => `GRANT ${PRIVILEGES} ON ${into}.${name} TO ${account};`),
    '',
  ].join('\n')
}

function forBoth(mariadb: readonly string[], mysql: readonly string[]): string[] {
  return mariadb.map((statement, at) => {
    const theirs = mysql[at]?.split(/\b/) ?? []
    const both = statement.split(/\b/).map((word, n) => {
      return word === theirs[n] ? word : `/*M!100200 ${word} */ /*!80017 ${theirs[n]} */`
    })
    return both.join('')
  })
}

/** `sera schema apply`: creates or updates the lock tables. */
export function applySchema(): Task {
  return withTables(async (client, { host, options }) => {
    const { from, to } = await tables.applySchema(client)
    const text = from === to ? `up to date: version ${to}` : from === 0 ? `created version ${to}` : `${from} -> ${to}`
    host.stdout.write(options.json ? `${JSON.stringify({ from, to })}\n` : `${text}\n`)
    return { kind: 'done' }
  })
}

export function dropSchema(): Task {
  const drop = withTables(dropAsked)
  return async context => {
    if (!context.options.yes) checkAskable(context.host)
    return await drop(context)
  }
}

async function dropAsked(client: RetryingClient, context: RunContext): Promise<Outcome> {
  const { host, options } = context
  const { json, yes } = options
  const claims = await droppable(client, context)
  if (claims && !yes) {
    if (!(await confirm(host, `drop ${described(claims, context)}?`)))
      throw new SeraError('conflict', 'nothing was dropped')
    await droppable(client, context) // a claim may have been made since the question was asked
  }
  if (claims) await tables.dropTables(client)
  const answer = json
    ? JSON.stringify({ dropped: claims !== undefined, ...claims })
    : claims
      ? 'dropped'
      : 'there were no lock tables'
  host.stdout.write(`${answer}\n`)
  return { kind: 'done' }
}

/**
 * The claims that would be deleted with the tables; undefined without tables.
 *
 * @throws SeraError conflict if a claim is live
 */
async function droppable(client: RetryingClient, context: RunContext): Promise<tables.Claimed | undefined> {
  const claims = await tables.liveClaims(client)
  if (!claims || claims.held + claims.waiting === 0 || context.options.force) return claims
  throw new SeraError(
    'conflict',
    `${described(claims, context)} are in use; --force drops them and ends running commands`,
  )
}

function described(claims: tables.Claimed, { settings: { server } }: RunContext): string {
  const where = `database ${databaseOf(server)} at ${describeDsn(server)}`
  return `the lock tables in ${where} (${counted(claims)}), with history, counters and gates`
}

function counted({ held, waiting }: tables.Claimed): string {
  return `${held} held, ${waiting} waiting`
}

function withTables(work: (client: RetryingClient, context: RunContext) => Promise<Outcome>): Task {
  return async context => {
    const lockTables = openTables(context, { anySchema: true })
    try {
      return await work(lockTables.client, context)
    } finally {
      await lockTables.close()
    }
  }
}
