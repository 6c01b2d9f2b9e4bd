import type { HttpBindings } from '@hono/node-server'

/** What each request carries besides itself. */
export interface Env {
  Bindings: HttpBindings
}
