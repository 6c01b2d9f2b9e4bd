/** Reads DSNs in the grammar of go-sql-driver: `[user[:password]@][net[(addr)]]/dbname[?param=value&…]`. */
import { isIP } from 'node:net'
import { DEFAULT_PORT, hostAndPort } from './dsn-address.js'
import { parseParameters } from './dsn-parameters.js'
import { type Dsn, type DsnAddress, decoded, invalidDsn } from './dsn-type.js'

const EXAMPLE = 'as in user:password@tcp(db:3306)/name'

/**
 * The last `/` ends the address, and the last `@` before it ends the credentials, so a password may contain any character
 * unescaped. Database and parameters are percent-decoded, credentials are not.
 */
export function parseGoDsn(text: string): Dsn {
  const slash = text.lastIndexOf('/')
  if (slash === -1) throw invalidDsn(`a / must follow the address, ${EXAMPLE}`)
  const tail = text.slice(slash + 1)
  const [database, query] = cut(tail, '?')
  if (database.includes('@') || /@(?:tcp|unix)(?:\(|$)/.test(query)) {
    throw invalidDsn(`a / must follow the address, ${EXAMPLE}; in a database name, write @ as %40`)
  }
  const head = text.slice(0, slash)
  const at = head.lastIndexOf('@')
  const [user, password] = cut(head.slice(0, Math.max(at, 0)), ':')
  return {
    user,
    password,
    address: parseAddress(head.slice(at + 1)),
    database: decoded('the database name', database) || undefined,
    ...parseParameters(query),
  }
}

const NETS = ['', 'tcp', 'tcp4', 'tcp6', 'unix']

/** Reads `net`, `net(addr)` or ''. The defaults are those of Go: tcp, 127.0.0.1:3306 and /tmp/mysql.sock. */
function parseAddress(text: string): DsnAddress {
  const [net, rest] = cut(text, '(')
  if (!NETS.includes(net)) {
    throw invalidDsn(
      `the network before the / must be tcp, tcp4, tcp6 or unix, ${EXAMPLE}; in a parameter, write / as %2F`,
    )
  }
  if (text.includes('(') && !rest.endsWith(')')) {
    throw invalidDsn(`the address must end with ")/", ${EXAMPLE}; in a parameter, write / as %2F`)
  }
  const address = rest.slice(0, -1)
  if (net === 'unix') return { net, path: address || '/tmp/mysql.sock' }
  if (net === 'tcp4') return ofFamily(4, address)
  if (net === 'tcp6') return ofFamily(6, address)
  if (address === '') return { net: 'tcp', host: '127.0.0.1', port: DEFAULT_PORT }
  return { net: 'tcp', ...hostAndPort(address) }
}

/** tcp4 and tcp6 have no default in Go. An address of the other family could never be reached. */
function ofFamily(family: 4 | 6, address: string): DsnAddress {
  const { host, port } = hostAndPort(address)
  if (address === '' || address.startsWith(':'))
    throw invalidDsn(`tcp${family} must have a host, as in tcp${family}(db:3306)`)
  if (isIP(host) !== 0 && isIP(host) !== family) throw invalidDsn(`tcp${family} needs an IPv${family} address`)
  return { net: 'tcp', host, port, family }
}

/** The text before and after the first `separator`; without one, the whole text and ''. */
function cut(text: string, separator: string): [before: string, after: string] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}
