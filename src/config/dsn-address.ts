/** Reads host and port in DSNs and URLs. */
import { isIPv6 } from 'node:net'
import { invalidDsn } from './dsn-type.js'

export const DEFAULT_PORT = 3306

const BRACKETED = /^\[(.*)\](?::(.*))?$/s
const PLAIN = /^([^:]*)(?::([^:]*))?$/s
const HOST_NAME = /^[^\s()[\]@/?#%:]+$/

/**
 * Reads `db`, `db:3306`, `[::1]:3306`, `[::1]`, `::1`, and `:3306`, which means this host.
 *
 * @throws SeraError config
 */
export function hostAndPort(text: string): { host: string; port: number } {
  // The first call of isIPv6 costs half a millisecond in Bun, so most runs avoid it.
  const manyColons = text.indexOf(':') !== text.lastIndexOf(':')
  if (manyColons && isIPv6(text)) return { host: text, port: DEFAULT_PORT }
  const bracketed = BRACKETED.exec(text)
  const [, host, port] = bracketed ?? PLAIN.exec(text) ?? []
  if (bracketed ? !isIPv6(host ?? '') : host !== '' && !HOST_NAME.test(host ?? '')) {
    throw invalidDsn('the address must be host, host:port, or [IPv6]:port')
  }
  return { host: host || '127.0.0.1', port: port === undefined ? DEFAULT_PORT : portNumber(port) }
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw invalidDsn('the port must be a number from 1 to 65535')
  return port
}
