/**
 * `/healthz`, open to every client: the process is alive. `/readyz`: the gateway can work, because the database answers and the
 * gateway is not shutting down.
 */
import { Hono } from 'hono'
import { withinMs } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'

/** Shorter than the time-out of a load balancer's check. */
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
