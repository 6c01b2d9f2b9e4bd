/**
 * A comment behind a statement that tells those who read the process list who sends it, where nothing else does.
 * @see https://google.github.io/sqlcommenter/spec/
 */
import type { Attributes } from './connection.js'

const TOLD = ['command', 'host', 'pid'] as const

/** `command='migrate.sh%20--all',host='web-2',pid='4312'`, as a comment that nothing in it can end. */
export function statementComment(attributes: Attributes): string {
  const pairs = TOLD.map(name => `${name}='${encoded(attributes[name] ?? '')}'`)
  return `/*${pairs.join(',')}*/`
}

/** What a statement's mark tells; nothing of a statement that has none. */
export function readStatementComment(statement: string): Attributes {
  const [, mark] = /\/\*(command='[^']*',host='[^']*',pid='[^']*')\*\/$/.exec(statement) ?? []
  const pairs = (mark ?? '').split(',').map(pair => /^(\w+)='([^']*)'$/.exec(pair))
  return Object.fromEntries(pairs.flatMap(found => (found ? [[found[1] as string, decoded(found[2] as string)]] : [])))
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/['*]/g, c => `%${c.charCodeAt(0).toString(16)}`)
}

/** Anybody may write such a comment. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
