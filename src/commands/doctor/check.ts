/** What `sera doctor` finds: a check is a value. */

/** `bad`: what was asked for does not work. `warning`: it works, and should not stay so. `unknown`: it could not be checked. */
export type Verdict = 'good' | 'warning' | 'bad' | 'unknown'

export interface Check {
  name: string
  verdict: Verdict
  says: string
  /** What to do. */
  remedy?: string
}

/** Groups and names are a contract (README, "For programs"). */
export type GroupName = 'config' | 'server' | 'tables' | 'engine' | 'host'

export interface CheckGroup {
  group: GroupName
  /** Which of the servers, in `server` and `tables`. */
  server?: string
  checks: readonly Check[]
}

export function good(name: string, says: string): Check {
  return { name, verdict: 'good', says }
}

export function warning(name: string, says: string, remedy: string): Check {
  return { name, verdict: 'warning', says, remedy }
}

export function bad(name: string, says: string, remedy: string): Check {
  return { name, verdict: 'bad', says, remedy }
}

export function unknown(name: string, why: string): Check {
  return { name, verdict: 'unknown', says: `not checked: ${why}` }
}

/** Messages of sera say what failed and, behind a semicolon, what to do. */
export function badBecause(name: string, message: string, otherwise: string): Check {
  const at = message.indexOf('; ')
  return at === -1 ? bad(name, message, otherwise) : bad(name, message.slice(0, at), message.slice(at + 2))
}
