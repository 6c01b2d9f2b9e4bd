/** What the command learns of its lock through its environment, and how a sera inside a sera knows what is held above it. */
import type { Host } from '../host.js'

export interface LockFacts {
  lock: string
  waitedMs: number
  token: string | undefined
  /** This run's entry in SERA_HELD. */
  held: string
}

const OF_AN_OUTER_SERA = ['SERA_LOCK', 'SERA_WAITED_MS', 'SERA_TOKEN', 'SERA_SLOT']

export function childEnvironment(env: NodeJS.ProcessEnv, facts: LockFacts): NodeJS.ProcessEnv {
  const inherited = Object.entries(env).filter(([name]) => !OF_AN_OUTER_SERA.includes(name))
  return {
    ...Object.fromEntries(inherited),
    SERA_LOCK: facts.lock,
    SERA_WAITED_MS: String(Math.round(facts.waitedMs)),
    ...(facts.token === undefined ? {} : { SERA_TOKEN: facts.token }),
    SERA_HELD: [env.SERA_HELD, facts.held].filter(Boolean).join(' '),
  }
}

/** SERA_HELD lists what the seras above hold, outermost first: `PID:LOCK@SERVER`, percent-encoded. */
export function heldEntry(pid: number, lock: string, server: string): string {
  return `${pid}:${encodeURIComponent(`${lock}@${server}`)}`
}

/**
 * Whether a sera above this one holds the very lock: waiting for it would be waiting for oneself. The environment alone
 * proves nothing, as a service that a command started keeps it for good; the holder must be a living ancestor.
 */
export function heldAbove(host: Host, lock: string, server: string, ancestors: () => Iterable<number>): boolean {
  const holders = (host.env.SERA_HELD ?? '')
    .split(' ')
    .filter(entry => entry === heldEntry(Number.parseInt(entry, 10), lock, server))
    .map(entry => Number.parseInt(entry, 10))
  if (holders.length === 0) return false
  const above = new Set(ancestors())
  return holders.some(pid => above.has(pid))
}
