/**
 * Authorization. With a token configured the token is required; otherwise any client that reaches the address is allowed. The
 * default address is the loopback.
 *
 * The token is read from the header only. An address ends up in logs and browser histories.
 *
 *     Authorization: Bearer <token>
 *     Authorization: Basic <any user>:<token>        for browsers, which prompt for it; read-only paths alone
 *
 * Any page can make a browser send a request, and the browser adds a remembered password to it. The pools change state on GET.
 * So a password opens read-only paths alone, and a request that another site's page caused is refused, with a token or without.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** Open to every client. It says only that the process is alive. */
const PUBLIC = '/healthz'

/** The paths that a password opens. */
const READABLE = /^\/(?:page\/[^/]+|v1\/(?:status|history|watch))?$/

export interface AccessRules {
  /** Undefined: any client that reaches the gateway may use it. */
  token: string | undefined
  /** Accepts any host name, also without a token. */
  insecure: boolean
}

export function authorization({ token, insecure }: AccessRules): MiddlewareHandler {
  return (c, next) => {
    const isRead = (c.req.method === 'GET' || c.req.method === 'HEAD') && READABLE.test(c.req.path)
    refuseOtherSites(c.req.header('sec-fetch-site'), isRead && c.req.header('sec-fetch-mode') === 'navigate')
    refuseOtherOrigins(c.req.header('origin'), c.req.header('host'))
    if (token === undefined && !insecure) refuseOtherNames(c.req.header('host'))
    if (token !== undefined && c.req.path !== PUBLIC && !mayPass(c.req.header('authorization') ?? '', token, isRead))
      refuse()
    return next()
  }
}

function mayPass(header: string, token: string, isRead: boolean): boolean {
  const [, scheme = '', given = ''] = /^(\w+) +(\S+) *$/.exec(header) ?? []
  if (scheme.toLowerCase() === 'bearer') return same(given, token)
  if (scheme.toLowerCase() !== 'basic' || !isRead) return false
  return same(
    Buffer.from(given, 'base64')
      .toString()
      .replace(/^[^:]*:/, ''),
    token,
  )
}

/** Compares hashes of equal length, so that the time does not depend on the text given. */
function same(given: string, token: string): boolean {
  const [one, other] = [given, token].map(text => createHash('sha256').update(text).digest())
  return timingSafeEqual(one as Buffer, other as Buffer)
}

function refuse(): never {
  // a browser prompts for a password only if Basic is offered first
  const headers = { 'WWW-Authenticate': 'Basic realm="sera: any user, the token as password", Bearer realm="sera"' }
  throw new HTTPException(401, { message: 'the token is missing or wrong', res: new Response(null, { headers }) })
}

/** Browsers name the site that caused a request. A link to the page is allowed from any site. */
function refuseOtherSites(site: string | undefined, isLink: boolean): void {
  if (site === undefined || site === 'same-origin' || site === 'none' || isLink) return
  refusePage()
}

/** Older browsers send only Origin, and only with requests that change something. */
function refuseOtherOrigins(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return
  refusePage()
}

function refusePage(): never {
  throw new HTTPException(403, { message: 'a page of another site must not use this gateway' })
}

/**
 * DNS rebinding: a page can make its own host name resolve to 127.0.0.1 and so reach a gateway without a token. Its requests carry
 * that host name. Programs on this host use an address or localhost.
 */
function refuseOtherNames(host = ''): void {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (name === '' || isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return
  throw new HTTPException(421, {
    message: `this gateway is not ${name}: call it by its address, or start it with --token-file or --insecure`,
  })
}
