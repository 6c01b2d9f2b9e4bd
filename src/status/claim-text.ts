/**
 * Describes a claim for the terminal and for the page: its owner, its activity, its roles, and durations. Browsers load
 * this file, so it imports nothing.
 */

/** The owner of a claim; unknown parts are absent. */
export interface KnownOwner {
  host?: string | undefined
  pid?: number | undefined
  user?: string | undefined
  command?: string | undefined
  /** The server's number for the connection that holds or waits. */
  connection?: number | undefined
}

export interface KnownClaim extends KnownOwner {
  state: 'waiting' | 'granted' | 'leaving'
  mode?: string | undefined
  slot?: number | undefined
  units?: number | undefined
  tag?: string | undefined
  labels?: string | undefined
  selector?: string | undefined
}

/** `root@web-2 pid 4312`; an HTTP client has neither a process nor a connection. */
export function whoIs({ user, host, pid, connection }: KnownOwner): string {
  if (host === undefined) return `connection ${connection}`
  const account = user ? `${user}@` : ''
  if (pid !== undefined) return `${account}${host} pid ${pid}`
  return `${account}${host}${connection === undefined ? '' : ` connection ${connection}`}`
}

/** `web-2 pid 4312 (migrate.sh --all)`. */
export function describeHolder({ host, pid, command }: KnownOwner): string {
  return [host, pid ? ` pid ${pid}` : '', command ? ` (${command})` : ''].join('')
}

/** `web-2 4312`, the name of a lane. */
export function participantOf({ host, pid, connection }: KnownOwner): string {
  return host === undefined ? `connection ${connection}` : pid === undefined ? host : `${host} ${pid}`
}

/** Kinds whose participants wait for each other or for an opening, and not for a holder. */
export const MEETINGS = ['barrier', 'double-barrier', 'gate', 'rendezvous']

/** The activity of a claim. `place` is its place in the queue, from 1; `wants` is what it waits for. */
export function activityOf(kind: string, { state, mode, slot }: KnownClaim, place: number, wants: string): string {
  if (state === 'granted') return DOES[kind]?.(mode, slot) ?? 'holds'
  return MEETINGS.includes(kind) ? 'waits' : `${ordinal(place)}${wants}`
}

const DOES: Record<string, (mode: string | undefined, slot: number | undefined) => string> = {
  rwlock: mode => (mode === 'write' ? 'writes' : 'reads'),
  semaphore: (_, slot) => `slot ${slot}`,
  once: () => 'runs',
  'double-barrier': () => 'at work',
  barrier: () => 'goes',
  rendezvous: () => 'goes',
}

/** The roles of a claim: tag, labels, selector, units. */
export function rolesOf({ tag, labels, selector, units = 1 }: KnownClaim, kind: string): string[] {
  return [
    tag === undefined ? '' : `as ${tag}`,
    labels ?? '',
    selector ? `wants ${selector}` : '',
    kind === 'semaphore' && units > 1 ? `${units} units` : '',
  ].filter(Boolean)
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}

/** A duration in its two largest units: `45s`, `3m 12s`, `2h 5m`, `12d 3h`; negative if overdue. */
export function formatLength(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000)
  const amounts = UNITS.map(([unit, size, limit]) => [Math.floor(seconds / size) % limit, unit] as const)
  const largest = amounts.findIndex(([amount]) => amount > 0)
  const said =
    largest === -1 ? [[0, 's'] as const] : amounts.slice(largest, largest + 2).filter(([amount]) => amount > 0)
  return `${ms < 0 ? '-' : ''}${said.map(([amount, unit]) => `${amount}${unit}`).join(' ')}`
}

const UNITS = [
  ['d', 86_400, Number.POSITIVE_INFINITY],
  ['h', 3600, 24],
  ['m', 60, 60],
  ['s', 1, 60],
] as const
