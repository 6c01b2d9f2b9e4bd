/**
 * The JSON API: every primitive for clients that speak HTTP.
 *
 * `/v1/openapi.json` is its OpenAPI document. The schemas in it also check the requests.
 */
import { OpenAPIHono } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import { removeClaims } from '../../store/tables/break-claims.js'
import { limited } from '../http/body-limit.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'
import { json } from '../http/output.js'
import { ClientClaims } from './client-claims.js'
import type { ApiContext } from './context.js'
import { documentOf } from './document.js'
import { refuse } from './endpoint.js'
import { IdempotencyRecords } from './idempotency-records.js'
import { leaveAndFinish } from './leave-and-finish.js'
import { lockRoutes } from './lock-routes.js'
import { passingRoutes } from './passing-routes.js'
import { readOnlyPaths } from './read-only-paths.js'
import { RequestSlots } from './request-slots.js'

export function api(gateway: Gateway): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>({
    defaultHook: result => {
      if (!result.success) refuse(result.error)
    },
  })
  app.use('/v1/*', limited)
  const context = contextOf(gateway)
  for (const part of [lockRoutes, leaveAndFinish, passingRoutes]) part(app, context)
  readOnlyPaths(app)
  const document = documentOf(app)
  app.get('/v1/openapi.json', c => json(c, document))
  refuseOtherMethods(app, Object.entries(document.paths ?? {}))
  return app
}

function contextOf(gateway: Gateway): ApiContext {
  const { session, tables, clock, closing } = gateway
  const remove = (ids: readonly string[]) => removeClaims(tables.client, ids, session.farewell)
  const records = new IdempotencyRecords(session.options.leaseMs / 2, remove, clock, closing)
  return { gateway, claims: new ClientClaims(gateway), slots: new RequestSlots(), records }
}

/** 405 for a path that exists, with another method. */
function refuseOtherMethods(app: OpenAPIHono<Env>, paths: readonly [path: string, item: object][]): void {
  for (const [path, item] of [...paths, ['/v1/openapi.json', { get: {} }] as const]) {
    const methods = Object.keys(item).filter(key => ['get', 'post', 'put', 'delete', 'patch'].includes(key))
    const Allow = methods.map(method => method.toUpperCase()).join(', ')
    app.all(path.replaceAll(/\/{(.+?)}/g, '/:$1'), () => {
      const res = new Response(null, { headers: { Allow } })
      throw new HTTPException(405, { message: `method not allowed; this path takes ${Allow}`, res })
    })
  }
}
