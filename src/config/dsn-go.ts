/** The grammar of go-sql-driver: `[user[:password]@][net[(addr)]]/dbname[?param=value&…]`. */

import { DEFAULT_PORT, hostAndPort } from './dsn-address.js'
import { invalidDsn } from './dsn-error.js'
import { parseParameters } from './dsn-parameters.js'
import type { Dsn, DsnAddress } from './dsn-type.js'

const LIKE = 'as in user:password@tcp(db:3306)/name'

/**
 * The last `/` ends the address and the last `@` before it ends the credentials, so that a password may contain any
 * character, unescaped. Database and parameters are percent-decoded, credentials are not.
 */
export function parseGoDsn(text: string): Dsn {
  const slash = text.lastIndexOf('/')
  if (slash === -1) throw invalidDsn(`there is no / after the address, ${LIKE}`)
  const tail = text.slice(slash + 1)
  const [database, query] = cut(tail, '?')
  if (database.includes('@') || /@(?:tcp|unix)(?:\(|$)/.test(query)) {
    throw invalidDsn(`there is no / after the address, ${LIKE}; in a database name, @ is written %40`)
  }
  const head = text.slice(0, slash)
  const at = head.lastIndexOf('@')
  const [user, password] = cut(head.slice(0, Math.max(at, 0)), ':')
  return {
    user,
    password,
    address: parseAddress(head.slice(at + 1)),
    database: decode(database) || undefined,
    ...parseParameters(query),
  }
}

/** `net`, `net(addr)` or nothing; go's defaults are tcp, 127.0.0.1:3306 and /tmp/mysql.sock. */
function parseAddress(text: string): DsnAddress {
  const [net, rest] = cut(text, '(')
  if (!['', 'tcp', 'unix'].includes(net)) {
    throw invalidDsn(`the network before the / must be tcp or unix, ${LIKE}; in a parameter, / is written %2F`)
  }
  if (text.includes('(') && !rest.endsWith(')')) {
    throw invalidDsn(`the address must end with ")/", ${LIKE}; in a parameter, / is written %2F`)
  }
  const address = rest.slice(0, -1)
  if (net === 'unix') return { net, path: address || '/tmp/mysql.sock' }
  if (address === '') return { net: 'tcp', host: '127.0.0.1', port: DEFAULT_PORT }
  return { net: 'tcp', ...hostAndPort(address) }
}

function decode(database: string): string {
  try {
    return decodeURIComponent(database)
  } catch {
    throw invalidDsn('the database name is not percent-encoded UTF-8; % itself is written %25')
  }
}

/** Before and after the first `separator`; all and nothing when there is none. */
function cut(text: string, separator: string): [before: string, after: string] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}
