/**
 * Whether the process lives (`/healthz`, open to all), and whether it can do its work (`/readyz`): the database answers, and the
 * gateway is not about to end.
 */
import { Hono } from 'hono'
import { withinMs } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'

/** What a balancer is willing to wait. */
const READY_WITHIN_MS = 2000

export function health({ tables, clock, closing }: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/healthz', c => c.text('ok\n'))
  app.get('/readyz', async c => {
    if (closing.aborted) return c.text('ending\n', 503)
    try {
      const asked = [{ key: { kind: '', name: '' }, upTo: 0 }]
      await withinMs(clock, READY_WITHIN_MS, deadline => tables.look(asked, deadline))
      return c.text('ready\n')
    } catch (error) {
      return c.text(`${(error as Error).message}\n`, 503)
    }
  })
  return app
}
