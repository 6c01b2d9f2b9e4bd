/**
 * The status page: HTML at `/`, its files under `/page/`. The page reads its data from `/v1`, as any client can.
 */
import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { type Context, Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Env } from '../http/env.js'
import { notFound } from '../http/problem.js'
import { readPageFiles } from './page-files.js'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Allows only files of this gateway, no inline script, no markup made by scripts, and no embedding in a frame. */
const guarded = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
    trustedTypes: ["'none'"],
  },
  xFrameOptions: 'DENY',
  // HSTS would apply to every port of this host
  strictTransportSecurity: false,
})

export function page(): Hono<Env> {
  const app = new Hono<Env>()
  let files: ReadonlyMap<string, Served> | undefined
  const serve = (c: Context, name: string) => {
    files ??= served(readPageFiles())
    const file = files.get(name)
    return file ? answer(c, file) : notFound(c)
  }
  app.get('/', guarded, c => serve(c, 'index.html'))
  app.get('/page/:name', guarded, c => serve(c, c.req.param('name')))
  return app
}

interface Served {
  text: string
  headers: Record<string, string>
}

function served(files: ReadonlyMap<string, string>): Map<string, Served> {
  const known = [...files].filter(([name]) => extname(name) in TYPES)
  return new Map(
    known.map(([name, text]) => {
      const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`
      const type = TYPES[extname(name)] as string
      return [name, { text, headers: { 'Content-Type': type, ETag: tag, 'Cache-Control': 'no-cache' } }]
    }),
  )
}

/** A browser revalidates each file each time: the next answer may come from a gateway of another version. */
function answer(c: Context, { text, headers }: Served): Response {
  const isKnown = c.req.header('if-none-match') === headers.ETag
  return isKnown ? c.body(null, 304, headers) : c.body(text, 200, headers)
}
