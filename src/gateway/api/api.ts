/**
 * The JSON API: every primitive for whoever speaks HTTP.
 *
 * `/v1/openapi.json` is its document; requests are checked by the schemas it is made of.
 */
import { OpenAPIHono } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import { removeClaims } from '../../store/breaking.js'
import { limited } from '../body-limit.js'
import type { Env } from '../env.js'
import type { Gateway } from '../gateway.js'
import { json } from '../output.js'
import { ClientClaims } from './client-claims.js'
import type { ApiContext } from './desk.js'
import { documentOf } from './document.js'
import { leaveAndFinish } from './endings.js'
import { refuse } from './endpoint.js'
import { lockRoutes } from './locks.js'
import { passingRoutes } from './meetings.js'
import { readOnlyPaths } from './reading.js'
import { IdempotencyRecords } from './records.js'
import { RequestSlots } from './turns.js'

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
  const { session, tables } = gateway
  const remove = (ids: readonly string[]) => removeClaims(tables.client, ids, session.farewell)
  const records = new IdempotencyRecords(session.options.leaseMs / 2, remove)
  return { gateway, claims: new ClientClaims(gateway), slots: new RequestSlots(), records }
}

/** 405 where there is something, but not by that method. */
function refuseOtherMethods(app: OpenAPIHono<Env>, paths: readonly [path: string, item: object][]): void {
  for (const [path, item] of [...paths, ['/v1/openapi.json', { get: {} }] as const]) {
    const methods = Object.keys(item).filter(key => ['get', 'post', 'put', 'delete', 'patch'].includes(key))
    const Allow = methods.map(method => method.toUpperCase()).join(', ')
    app.all(path.replaceAll(/\/{(.+?)}/g, '/:$1'), () => {
      const res = new Response(null, { headers: { Allow } })
      throw new HTTPException(405, { message: `there is only ${Allow} here`, res })
    })
  }
}
