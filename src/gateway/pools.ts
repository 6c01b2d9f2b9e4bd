/** Pools, as Distributex has them: `/get/`, `/release/` and `/wait/` for curl. */
import { Hono } from 'hono'
import type { Env, Gateway } from './gateway.js'

export function pools(_gateway: Gateway): Hono<Env> {
  return new Hono<Env>()
}
