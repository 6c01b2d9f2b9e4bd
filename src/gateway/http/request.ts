/** Checks every request before it is routed. */
import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** Refuses an address whose percent-encoding is not valid UTF-8: it would name another resource than was meant. */
export const readable: MiddlewareHandler = (c, next) => {
  try {
    decodeURIComponent(c.req.url.replaceAll('+', ' '))
  } catch {
    throw new HTTPException(400, { message: 'the address is not valid UTF-8 in percent-encoding' })
  }
  return next()
}
