/**
 * Who may: with a token, whoever has it; without one, whoever reaches the address, which is the loopback unless told otherwise.
 *
 * The token is taken from the header only, never from the address, which ends up in logs and histories:
 *
 *     Authorization: Bearer <token>
 *     Authorization: Basic <any user>:<token>        for browsers, which ask for it; it opens what only reads
 *
 * A browser sends a remembered password along with whatever any page makes it ask for, and the pools change state on GET. So a password
 * only reads; and what another site's page makes a browser ask for is refused, with a token or without.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** Open to all: says that the process lives, and nothing else. */
const PUBLIC = '/healthz'

/** What a browser may read with a password. */
const READABLE = /^\/(?:page\/[^/]+|v1\/(?:status|history|watch))?$/

export interface AccessRules {
  /** Undefined: whoever reaches the gateway may use it. */
  token: string | undefined
  /** Whoever reaches it may, by whichever name. */
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

/** In the same time whatever is given: hashes of one length are compared. */
function same(given: string, token: string): boolean {
  const [one, other] = [given, token].map(text => createHash('sha256').update(text).digest())
  return timingSafeEqual(one as Buffer, other as Buffer)
}

function refuse(): never {
  // browsers ask for a password only when that is the first of what is offered
  const headers = { 'WWW-Authenticate': 'Basic realm="sera: any user, the token as password", Bearer realm="sera"' }
  throw new HTTPException(401, { message: 'the token is missing or wrong', res: new Response(null, { headers }) })
}

/** Browsers say where a request comes from; a person who follows a link to the page is welcome. */
function refuseOtherSites(site: string | undefined, isLink: boolean): void {
  if (site === undefined || site === 'same-origin' || site === 'none' || isLink) return
  refusePage()
}

/** Browsers that don't say so tell at least whose page asks, where it is to change something. */
function refuseOtherOrigins(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return
  refusePage()
}

function refusePage(): never {
  throw new HTTPException(403, { message: "another site's page may not use this gateway" })
}

/**
 * Without a token the loopback is the only fence, and a page whose name was made to mean 127.0.0.1 is inside of it. It comes with
 * that name; programs on this host come with an address or as localhost.
 */
function refuseOtherNames(host = ''): void {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (name === '' || isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return
  throw new HTTPException(421, {
    message: `this gateway is not ${name}: call it by its address, or start it with --token-file or --insecure`,
  })
}
