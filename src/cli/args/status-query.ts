/** Checks the words of `sera status` and `sera break`: `<kind> <name>`. */
import { SeraError } from '../../errors.js'
import { checkName, KINDS, type Kind } from '../../primitives/names.js'
import type { StatusQuery } from '../../status/read-status.js'

/** @throws SeraError usage */
export function statusQueryOf([kind, name]: readonly string[]): StatusQuery {
  if (kind === undefined) return {}
  const known = KINDS.find(one => one === (ALIASES[kind] ?? kind))
  if (!known) throw new SeraError('usage', `unknown <kind> ${JSON.stringify(kind)}; use one of ${KINDS.join(', ')}`)
  return { kind: known, name: name === undefined ? undefined : checkName(known, name) }
}

const ALIASES: Record<string, Kind> = { sem: 'semaphore', br: 'barrier', sync: 'rendezvous' }
