/** The gateway as one function from request to response. */
import { Hono } from 'hono'
import { authorization } from './access.js'
import { api } from './api/api.js'
import type { Env } from './env.js'
import { events } from './events.js'
import type { Gateway } from './gateway.js'
import { health } from './health.js'
import { accessLog } from './log.js'
import { countLosses, metrics } from './metrics.js'
import { page } from './page.js'
import { pools, unknownPath } from './pools.js'
import { failure } from './problem.js'
import { readable } from './request.js'
import { statusRoutes } from './watch.js'

export function gatewayApp(gateway: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  app.use(accessLog(gateway.log, gateway.clock, gateway.token))
  app.use(countLosses(gateway.metrics))
  app.use(readable)
  app.use(authorization(gateway))
  app.route('/', health(gateway))
  app.route('/', metrics(gateway))
  app.route('/', pools(gateway))
  app.route('/', statusRoutes(gateway))
  app.route('/', events(gateway))
  app.route('/', api(gateway))
  app.route('/', page())
  app.onError(failure)
  app.notFound(unknownPath)
  return app
}
