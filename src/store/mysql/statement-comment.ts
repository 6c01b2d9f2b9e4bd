/**
 * A comment after a statement that shows in the process list which command sent it, where the server does not show it.
 * @see https://google.github.io/sqlcommenter/spec/
 */
import type { Attributes } from './connection.js'

const SHOWN = ['command', 'host', 'pid'] as const

/** `command='migrate.sh%20--all',host='web-2',pid='4312'` as a comment; the values are escaped and cannot end it. */
export function statementComment(attributes: Attributes): string {
  const pairs = SHOWN.map(name => `${name}='${encoded(attributes[name] ?? '')}'`)
  return `/*${pairs.join(',')}*/`
}

/** The attributes in a statement's comment; none when it has no such comment. */
export function readStatementComment(statement: string): Attributes {
  const [, mark] = /\/\*(command='[^']*',host='[^']*',pid='[^']*')\*\/$/.exec(statement) ?? []
  const pairs = (mark ?? '').split(',').map(pair => /^(\w+)='([^']*)'$/.exec(pair))
  return Object.fromEntries(pairs.flatMap(found => (found ? [[found[1] as string, decoded(found[2] as string)]] : [])))
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/['*]/g, c => `%${c.charCodeAt(0).toString(16)}`)
}

/** Other programs may write such a comment, with bad escapes. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
