/** This run of the command line at the lock tables, and as a participant among the others there. */
import type { Host } from '../host.js'
import { Participant } from '../primitives/participant.js'
import { attributesOf } from '../store/connect.js'
import { LockTables } from '../store/lock-tables.js'
import { ownerOf } from '../store/owner.js'
import type { Call } from './call.js'

/** `command` is what others see of it. */
export function openTables(
  { settings, warn }: Call,
  { clock, random, pid }: Host,
  command: readonly string[],
): LockTables {
  const { servers, leaseMs, connectWaitMs, namespace } = settings
  const attributes = attributesOf(pid, command)
  const owner = ownerOf(pid, command)
  return new LockTables({ servers, owner, attributes, leaseMs, connectWaitMs, namespace, clock, random, warn })
}

export function openParticipant(call: Call, host: Host, command: readonly string[]): Participant {
  const { leaseMs, graceMs, maxClockSkewMs } = call.settings
  return new Participant(openTables(call, host, command), { clock: host.clock, leaseMs, graceMs, maxClockSkewMs })
}
