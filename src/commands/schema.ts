/**
 * `sera schema print`: the lock tables for a DBA. One text for both kinds of servers, so that none need be asked: where they differ
 * (the name of a collation), each reads its own word and takes the other's for a comment.
 * @see https://mariadb.com/kb/en/comment-syntax/
 */
import type { Dsn } from '../config/dsn.js'
import { PRIVILEGES, statementsSince } from '../store/schema.js'

export function schema({ user, database }: Pick<Dsn, 'user' | 'database'>): string {
  const into = `\`${(database ?? 'sera').replaceAll('`', '``')}\``
  const account = `'${(user || 'sera').replaceAll("'", "''")}'@'%'`
  const statements = forBoth(statementsSince(0, true), statementsSince(0, false))
  const names = statements.flatMap(statement => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? [])
  return [
    '-- The lock tables of sera, on MariaDB or MySQL, and what its account has to be granted. Older ones become these.',
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
