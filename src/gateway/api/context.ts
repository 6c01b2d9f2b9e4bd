/** What the parts of the API share. */
import type { Context } from 'hono'
import { type Owner, remoteOwner } from '../../claims/owner.js'
import { clientOf } from '../http/client-address.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'
import type { ClientClaims } from './client-claims.js'
import type { IdempotencyRecords } from './idempotency-records.js'
import type { RequestSlots } from './request-slots.js'

export interface ApiContext {
  gateway: Gateway
  claims: ClientClaims
  slots: RequestSlots
  records: IdempotencyRecords
}

/** How people see the client: its address, and its label or program. */
export function ownerOf(c: Context<Env>, label: string | undefined): Owner {
  const program = label ?? c.req.header('user-agent') ?? 'a client of the gateway'
  return remoteOwner(clientOf(c), program)
}
