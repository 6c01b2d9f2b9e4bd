/** This run of the command line among the others at the lock tables. */
import type { Host } from '../host.js'
import { Participant } from '../primitives/participant.js'
import { attributesOf } from '../store/connect.js'
import { openLockTables } from '../store/lock-tables.js'
import { ownerOf } from '../store/owner.js'
import type { Call } from './call.js'

/** `command` is what others see of it. */
export function openParticipant({ settings, warn }: Call, host: Host, command: readonly string[]): Participant {
  const { servers, leaseMs, graceMs, connectWaitMs, maxClockSkewMs, namespace } = settings
  const { clock, random, pid } = host
  const attributes = attributesOf(pid, command)
  const owner = ownerOf(pid, command)
  const store = openLockTables({ servers, owner, attributes, leaseMs, connectWaitMs, namespace, clock, random, warn })
  return new Participant(store, { clock, leaseMs, graceMs, maxClockSkewMs })
}
