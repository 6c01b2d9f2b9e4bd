/** The gateway as one function from request to response. */
import { Hono } from 'hono'
import { access } from './access.js'
import { api } from './api/api.js'
import type { Env } from './env.js'
import { events } from './events.js'
import type { Gateway } from './gateway.js'
import { health } from './health.js'
import { logged } from './log.js'
import { counted, metrics } from './metrics.js'
import { page } from './page.js'
import { pools, unknownPath } from './pools.js'
import { failure } from './problem.js'
import { readable } from './request.js'
import { watch } from './watch.js'

export function gatewayApp(gateway: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  app.use(logged(gateway.log, gateway.clock, gateway.token))
  app.use(counted(gateway.meter))
  app.use(readable)
  app.use(access(gateway))
  app.route('/', health(gateway))
  app.route('/', metrics(gateway))
  app.route('/', pools(gateway))
  app.route('/', watch(gateway))
  app.route('/', events(gateway))
  app.route('/', api(gateway))
  app.route('/', page())
  app.onError(failure)
  app.notFound(unknownPath)
  return app
}
