/** The address of a pool server, as people write it: a name, an address or a URL. */
import { isIPv6 } from 'node:net'
import { SeraError } from '../errors.js'

/** The port of sera's gateway. Distributex uses 9889. */
const DEFAULT_PORT = '9989'

/**
 * @param host `gw`, `gw:9889`, `10.0.0.7`, `[::1]:9989`, `https://gw/locks`; a URL without a port has the default port of its scheme
 * @throws SeraError usage
 * @example serverUrl('gw', undefined).href // 'http://gw:9989/'
 */
export function serverUrl(host: string, port: string | undefined): URL {
  const isUrl = host.includes('://')
  const spelled = isUrl ? host : `http://${isIPv6(host) ? `[${host}]` : host}`
  const url = URL.canParse(spelled) ? new URL(spelled) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || (!isUrl && hasPath(url))) {
    throw new SeraError('usage', `--host ${JSON.stringify(host)}: expected a host, host:port or URL (https://gw:9989)`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new SeraError(
      'usage',
      '--host: `ps` would show a password in the URL; put the token in a file and use --token-file',
    )
  }
  const named = /:\d+\/?$/.test(spelled)
  if (port !== undefined && named) throw new SeraError('usage', `--host ${host} already has a port: leave --port out`)
  if (!named && (port !== undefined || !isUrl)) url.port = checkPort(port ?? DEFAULT_PORT)
  return url
}

function hasPath({ pathname }: URL): boolean {
  return pathname !== '/'
}

function checkPort(port: string): string {
  if (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536) return port
  throw new SeraError('usage', `--port: expected a number from 1 to 65535, got ${JSON.stringify(port)}`)
}
