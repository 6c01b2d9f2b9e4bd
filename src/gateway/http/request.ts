/** What every request has to be before anything is made of it. */
import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** Refuses addresses that are no UTF-8 behind their percent signs: they would name something else than was meant. */
export const readable: MiddlewareHandler = (c, next) => {
  try {
    decodeURIComponent(c.req.url.replaceAll('+', ' '))
  } catch {
    throw new HTTPException(400, { message: 'the address is not valid UTF-8 in percent-encoding' })
  }
  return next()
}
