/** The command's environment: what it learns of its lock, and by which a sera inside a sera knows what is held above it. */
import type { Host } from '../host.js'

export interface LockFacts {
  lock: string
  waitedMs: number
  token: string | undefined
  slot: number | undefined
  /** The file that lists who was met at a rendezvous. */
  match?: string | undefined
  /** This run's entry in SERA_HELD. */
  held: string
}

const OF_AN_OUTER_SERA = ['SERA_LOCK', 'SERA_WAITED_MS', 'SERA_TOKEN', 'SERA_SLOT', 'SERA_MATCH']

export function childEnvironment(env: NodeJS.ProcessEnv, facts: LockFacts): NodeJS.ProcessEnv {
  const inherited = Object.entries(env).filter(([name]) => !OF_AN_OUTER_SERA.includes(name))
  return {
    ...Object.fromEntries(inherited),
    SERA_LOCK: facts.lock,
    SERA_WAITED_MS: String(Math.round(facts.waitedMs)),
    ...(facts.token === undefined ? {} : { SERA_TOKEN: facts.token }),
    ...(facts.slot === undefined ? {} : { SERA_SLOT: String(facts.slot) }),
    ...(facts.match === undefined ? {} : { SERA_MATCH: facts.match }),
    SERA_HELD: [env.SERA_HELD, facts.held].filter(Boolean).join(' '),
  }
}

/**
 * SERA_HELD lists what the seras above hold, outermost first: `PID:LOCK@SERVER`, percent-encoded. If a lock is shared, the
 * share follows after another colon: `read`, or a number of permits.
 */
export function heldEntry(pid: number, lock: string, server: string, share = ''): string {
  return `${pid}:${encodeURIComponent(`${lock}@${server}`)}${share === '' ? '' : `:${share}`}`
}

/**
 * The shares of a lock that the seras above this one hold; '' is all of it. The environment alone proves nothing, because a
 * service that a command started keeps it after the command has ended. The holder must be a living ancestor.
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
