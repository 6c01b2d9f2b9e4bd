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
import type { Desk } from './desk.js'
import { documentOf } from './document.js'
import { endings } from './endings.js'
import { refuse } from './endpoint.js'
import { locks } from './locks.js'
import { meetings } from './meetings.js'
import { reading } from './reading.js'
import { Records } from './records.js'
import { Turns } from './turns.js'

export function api(gateway: Gateway): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>({
    defaultHook: result => {
      if (!result.success) refuse(result.error)
    },
  })
  app.use('/v1/*', limited)
  const desk = deskOf(gateway)
  for (const part of [locks, endings, meetings]) part(app, desk)
  reading(app)
  const document = documentOf(app)
  app.get('/v1/openapi.json', c => json(c, document))
  refuseOtherMethods(app, Object.entries(document.paths ?? {}))
  return app
}

function deskOf(gateway: Gateway): Desk {
  const { participant, tables } = gateway
  const remove = (ids: readonly string[]) => removeClaims(tables.calls, ids, participant.farewell)
  const records = new Records(participant.options.leaseMs / 2, remove)
  return { gateway, claims: new ClientClaims(gateway), turns: new Turns(), records }
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
