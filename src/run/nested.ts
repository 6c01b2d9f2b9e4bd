/** Nested seras: the environment of a command names the locks of its parent seras, so no sera waits for its own ancestor. */
import type { Host } from '../host.js'

/**
 * SERA_HELD lists the locks of the parent seras, outermost first: `PID:LOCK@SERVER`, percent-encoded. For a shared lock,
 * the share follows after another colon: `read`, or a number of permits.
 */
export function heldEntry(pid: number, lock: string, server: string, share = ''): string {
  return `${pid}:${encodeURIComponent(`${lock}@${server}`)}${share === '' ? '' : `:${share}`}`
}

/**
 * The shares of a lock that parent seras hold; '' is the whole lock. The environment alone proves nothing: a service that
 * a command started keeps it after the command has ended. So the holder must be a living ancestor.
 */
export function sharesAbove(host: Host, lock: string, server: string, ancestors: () => Iterable<number>): string[] {
  const entries = (host.env.SERA_HELD ?? '').split(' ').map(entry => {
    const [pid = '', , share = ''] = entry.split(':')
    return { entry, pid: Number.parseInt(pid, 10), share }
  })
  const held = entries.filter(({ entry, pid, share }) => entry === heldEntry(pid, lock, server, share))
  if (held.length === 0) return []
  const above = new Set(ancestors())
  return held.filter(({ pid }) => above.has(pid)).map(({ share }) => share)
}
