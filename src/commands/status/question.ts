/** What `sera status` is asked for, and the connection it looks through. */
import { SeraError } from '../../errors.js'
import type { Host } from '../../host.js'
import { KINDS, type Kind } from '../../primitives/kinds.js'
import { checkName } from '../../primitives/names.js'
import type { StatusQuery } from '../../status/survey.js'
import { RetryingClient } from '../../store/calls.js'
import { attributesOf } from '../../store/connect.js'
import type { Call } from '../call.js'

/** @throws SeraError usage */
export function statusQueryOf([kind, name]: readonly string[]): StatusQuery {
  if (kind === undefined) return {}
  const known = KINDS.find(one => one === (ALIASES[kind] ?? kind))
  if (!known) throw new SeraError('usage', `<kind> is ${JSON.stringify(kind)}; it takes ${KINDS.join(', ')}`)
  return { kind: known, name: name === undefined ? undefined : checkName(known, name) }
}

const ALIASES: Record<string, Kind> = { sem: 'semaphore', br: 'barrier', sync: 'rendezvous' }

/** Reads only, on a connection of its own; to be closed. */
export function openRetryingClient(
  { settings }: Pick<Call, 'settings'>,
  { clock, random, pid }: Host,
  command: readonly string[],
): RetryingClient {
  const { servers, leaseMs, connectWaitMs, namespace } = settings
  const attributes = attributesOf(pid, command)
  return new RetryingClient({ servers, attributes, leaseMs, connectWaitMs, namespace, clock, random, onlyReads: true })
}
