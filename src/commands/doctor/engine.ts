/** Checks which engine the plain lock uses on these servers, and why. */
import { formatDuration } from '../../config/duration.js'
import type { Settings } from '../../config/settings.js'
import type { Diagnosis } from '../../store/diagnosis.js'
import { Undisclosed } from '../../store/table-diagnosis.js'
import { SHORTEST_LEASE_MS } from '../../store/tables/retrying-client.js'
import { bad, type Check, good, unknown, warning } from './check.js'
import { clocksAmong } from './clock.js'
import { readOnlyBy } from './cluster.js'

export type Engine = 'get_lock' | 'lease'

type Chosen = Pick<Settings, 'engine' | 'leaseMs' | 'allowMultiPrimary' | 'maxClockSkewMs'>

/** Undefined without a connection, or if GET_LOCK does not lock here and a lease is no substitute. */
export function chosenEngine({ engine }: Chosen, [diagnosis]: readonly Diagnosis[]): Engine | undefined {
  if (engine === 'lease') return 'lease'
  const getLock = diagnosis?.facts?.getLock
  if (!diagnosis?.facts || getLock instanceof Undisclosed) return undefined
  if (!getLock) return 'get_lock'
  return engine === 'auto' && getLock.leasable ? 'lease' : undefined
}

/** @param origin where the setting `engine` comes from */
export function engineChecks(settings: Chosen, diagnoses: readonly Diagnosis[], origin: string): Check[] {
  const clocks = diagnoses.flatMap(({ facts }) => (facts && !(facts.clock instanceof Undisclosed) ? [facts.clock] : []))
  return [
    plainLock(settings, diagnoses, origin),
    ...writers(diagnoses),
    ...leaseLength(settings, diagnoses),
    ...clocksAmong(clocks, settings.maxClockSkewMs),
  ]
}

const ALL_HOSTS = 'all hosts must use this engine'

function plainLock(settings: Chosen, diagnoses: readonly Diagnosis[], origin: string): Check {
  const { engine, allowMultiPrimary } = settings
  const asked = `${engine} (${origin})`
  if (engine === 'lease') {
    const why = diagnoses.length > 1 ? `${diagnoses.length} servers` : asked
    return good('engine', `lease, by ${why}: the lock is in the lock tables; ${ALL_HOSTS}`)
  }
  const facts = diagnoses[0]?.facts
  if (!facts) return unknown('engine', 'there is no connection')
  const { getLock } = facts
  if (getLock instanceof Undisclosed) return unknown('engine', getLock.reason)
  if (!getLock)
    return good('engine', `get_lock, by ${asked}: the server's own GET_LOCK${allowMultiPrimary ? UNCHECKED : ''}`)
  if (engine === 'auto' && getLock.leasable)
    return good('engine', `lease, by ${asked}: ${getLock.reason}; ${ALL_HOSTS}`)
  return bad('engine', `GET_LOCK cannot lock safely here: ${getLock.reason}`, getLock.remedy)
}

const UNCHECKED = '; allowMultiPrimary says that all hosts use one primary, which sera does not check'

/** At least one of several servers must take writes. */
function writers(diagnoses: readonly Diagnosis[]): Check[] {
  if (diagnoses.length < 2) return []
  const known = diagnoses.flatMap(({ facts }) =>
    facts && !(facts.settings instanceof Undisclosed) ? [facts.settings] : [],
  )
  const count = known.filter(settings => readOnlyBy(settings).length === 0).length
  if (count > 0) return [good('writers', `${count} of the ${diagnoses.length} servers take writes`)]
  return [bad('writers', 'none of the servers takes writes', 'name the primary, or all members of the cluster')]
}

/** When a cluster loses a member, the healthy ones stall for seconds. A lease must be longer. */
function leaseLength({ leaseMs }: Chosen, diagnoses: readonly Diagnosis[]): Check[] {
  const kinds = diagnoses.flatMap(({ facts }) => {
    if (!facts || facts.settings instanceof Undisclosed) return []
    if (facts.settings.get('wsrep_on') === 'ON') return ['galera' as const]
    return facts.settings.get('group_replication_group_name') ? ['group' as const] : []
  })
  const shortest = Math.max(0, ...kinds.map(kind => SHORTEST_LEASE_MS[kind]))
  if (leaseMs >= shortest) return []
  const says = `${formatDuration(leaseMs)} is short for a cluster, whose members stall when one is lost`
  return [warning('lease', says, `make it ${formatDuration(shortest)} or longer`)]
}
