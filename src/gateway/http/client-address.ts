/** The address of a client. */
import type { Context } from 'hono'
import type { Env } from './env.js'

/** An IPv4 address that an IPv6 socket received is shown as IPv4. */
export function clientOf(c: Context<Env>): string {
  return (c.env.incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}
