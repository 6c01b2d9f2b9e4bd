/** Refuses a body that is larger than any request needs, before reading it. */
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'

const LONGEST_BODY = 64 * 1024

export const limited: MiddlewareHandler = bodyLimit({
  maxSize: LONGEST_BODY,
  onError: () => {
    throw new HTTPException(413, { message: `the body is larger than ${LONGEST_BODY / 1024} KiB` })
  },
})
