/** The gateway as one function from request to response. */
import { Hono } from 'hono'
import { api } from './api/api.js'
import { accessLog } from './http/access-log.js'
import { authorization } from './http/authorization.js'
import type { Env } from './http/env.js'
import type { Gateway } from './http/gateway.js'
import { failure } from './http/problem.js'
import { readable } from './http/request.js'
import { events } from './routes/events.js'
import { health } from './routes/health.js'
import { countLosses, metrics } from './routes/metrics.js'
import { page } from './routes/page.js'
import { pools, unknownPath } from './routes/pools.js'
import { statusRoutes } from './routes/status.js'

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
