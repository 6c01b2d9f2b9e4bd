/** Parses the address of syslog, as the config resolves it. */
import { SeraError } from '../errors.js'

export type Address = { kind: 'unix'; path: string } | { kind: 'udp' | 'tcp'; host: string; port: number }

const NETWORK = /^(?<kind>udp|tcp):\/\/(?:\[(?<v6>[^\]]+)\]|(?<host>[^:/[\]]+)):(?<port>\d+)$/

/** `unix:/dev/log`, `udp://host:514`, `tcp://[::1]:514`; anything else is a `config` error. */
export function parseAddress(address: string): Address {
  if (address.startsWith('unix:/')) return { kind: 'unix', path: address.slice('unix:'.length) }
  const { kind, v6, host = v6, port } = NETWORK.exec(address)?.groups ?? {}
  if ((kind === 'udp' || kind === 'tcp') && host !== undefined) return { kind, host, port: Number(port) }
  throw new SeraError(
    'config',
    `syslog address ${JSON.stringify(address)}: expected unix:/path, udp://host:port or tcp://host:port`,
  )
}
