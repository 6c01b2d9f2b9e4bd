/** What the parts of the API share. */
import type { Context } from 'hono'
import { guest, type Owner } from '../../store/owner.js'
import { clientOf } from '../client.js'
import type { Env } from '../env.js'
import type { Gateway } from '../gateway.js'
import type { ClientClaims } from './client-claims.js'
import type { Records } from './records.js'
import type { Turns } from './turns.js'

export interface Desk {
  gateway: Gateway
  claims: ClientClaims
  turns: Turns
  records: Records
}

/** Who asks, for people: where from, and what it calls itself. */
export function ownerOf(c: Context<Env>, label: string | undefined): Owner {
  const program = label ?? c.req.header('user-agent') ?? 'a client of the gateway'
  return guest(clientOf(c), program)
}
