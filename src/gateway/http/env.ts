import type { HttpBindings } from '@hono/node-server'

/** What Hono passes along with each request: Node's own request and response. */
export interface Env {
  Bindings: HttpBindings
}
