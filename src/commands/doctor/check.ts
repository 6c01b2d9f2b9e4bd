/** The result of a check of `sera doctor`. */

/** `bad`: the setup does not work. `warning`: it works, but should change. `unknown`: sera could not check it. */
export type Verdict = 'good' | 'warning' | 'bad' | 'unknown'

export interface Check {
  name: string
  verdict: Verdict
  says: string
  /** How to fix it. */
  remedy?: string
}

/** Groups and names are a contract (docs/reference/commands/doctor.md). */
export type GroupName = 'config' | 'server' | 'tables' | 'engine' | 'host'

export interface CheckGroup {
  group: GroupName
  /** The server, in the groups `server` and `tables`. */
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

/** Splits a message of sera at the semicolon: what failed, and what to do. */
export function badBecause(name: string, message: string, otherwise: string): Check {
  const at = message.indexOf('; ')
  return at === -1 ? bad(name, message, otherwise) : bad(name, message.slice(0, at), message.slice(at + 2))
}
