/** Checks the kind of a server, its cluster, and a proxy before it, from what the server shows an account without privileges. */
import type { GroupMember, ServerFacts } from '../../store/diagnosis.js'
import { Undisclosed } from '../../store/table-diagnosis.js'
import { bad, type Check, good, unknown, warning } from './check.js'

/** `isMember`: the settings name several servers. */
export function clusterChecks(facts: ServerFacts, isMember: boolean): Check[] {
  const { settings } = facts
  const variables = settings instanceof Undisclosed ? undefined : settings
  return [
    kind(facts),
    proxy(facts),
    ...(variables ? [writable(facts, variables, isMember)] : [unknown('writable', (settings as Undisclosed).reason)]),
    ...(variables?.get('wsrep_on') === 'ON' ? [galera(facts)] : []),
    ...(variables?.get('group_replication_group_name') ? [group(facts, variables)] : []),
  ]
}

/** Servers that sera was never run on, and what their documentation says about GET_LOCK. */
const STRANGERS: readonly { sign: RegExp; verdict: 'warning' | 'bad'; says: string }[] = [
  {
    // https://github.com/vitessio/vitess/issues/6367
    sign: /vitess/i,
    verdict: 'bad',
    says: 'Vitess, which refuses GET_LOCK within an expression, as sera uses it; the lock tables are untested there',
  },
  {
    // https://docs.pingcap.com/tidb/stable/locking-functions
    sign: /tidb/i,
    verdict: 'warning',
    says: 'TiDB, untested with sera; its GET_LOCK waits at least 1 s (also for `sera 0`) and cannot name the holder',
  },
]

function kind({ greeting, identity, isMariaDb, settings }: ServerFacts): Check {
  if (identity instanceof Undisclosed && settings instanceof Undisclosed) return unknown('kind', identity.reason)
  const { version, comment } = identity instanceof Undisclosed ? { version: greeting.version, comment: '' } : identity
  const stranger = STRANGERS.find(({ sign }) => sign.test(`${greeting.version} ${version} ${comment}`))
  if (stranger) {
    return {
      name: 'kind',
      ...signless(stranger),
      remedy: 'use a MySQL or MariaDB server for sera; a small one is enough',
    }
  }
  const variables = settings instanceof Undisclosed ? undefined : settings
  const aurora = variables?.get('aurora_version')
  const name = aurora ? `Aurora ${aurora}, MySQL` : isMariaDb ? 'MariaDB' : 'MySQL'
  return good('kind', `${name} ${version}${aurora ? '; use the cluster endpoint, which follows the writer' : ''}`)
}

function signless({ verdict, says }: (typeof STRANGERS)[number]): Pick<Check, 'verdict' | 'says'> {
  return { verdict, says }
}

const DIRECTLY = 'let sera connect to the primary directly'

/** The greeting of a proxy has a connection number of its own, so it differs from the server's. */
function proxy({ proxy: name, identity, greeting }: ServerFacts): Check {
  if (name !== undefined) {
    const says =
      `sera connects through ${name}: it keeps to one connection after GET_LOCK, but many versions ignore wait_timeout, ` +
      'and it may send reads of the lock tables to a replica'
    return warning('proxy', says, DIRECTLY)
  }
  if (identity instanceof Undisclosed) return unknown('proxy', identity.reason)
  const isOther = identity.connection !== greeting.connection && !/tidb|vitess/i.test(greeting.version)
  if (!isOther) return good('proxy', 'none detected')
  const says =
    `sera connects through a proxy (MaxScale, RDS Proxy, …): connection ${greeting.connection} is ${identity.connection} ` +
    'at the server; GET_LOCK holds only if the proxy keeps each session to one connection and one server'
  return warning('proxy', says, DIRECTLY)
}

type ServerVariables = ReadonlyMap<string, string>

/** The variables that make the server read-only. */
export function readOnlyBy(settings: ServerVariables): string[] {
  return ['read_only', 'super_read_only', 'innodb_read_only', 'offline_mode'].filter(name => !isOff(settings.get(name)))
}

function writable({ status }: ServerFacts, settings: ServerVariables, isMember: boolean): Check {
  const readOnly = readOnlyBy(settings)
  const says = `the server is read-only (${readOnly.join(', ')}): a replica, or a former primary`
  if (readOnly.length > 0 && isMember && isSecondary(settings)) return good('writable', 'not while it is a secondary')
  if (readOnly.length > 0) return bad('writable', says, 'name the primary in the DSN, or an address that follows it')
  const replicates = !(status instanceof Undisclosed) && status.get('slave_running') === 'ON'
  if (!replicates) return good('writable', 'it takes writes')
  const both = 'it takes writes and is a replica itself: it does not exclude hosts that lock on its primary'
  return warning('writable', both, 'name the primary as the server on every host')
}

/** In a group with a single primary, a read-only member can take over from it. */
function isSecondary(settings: ServerVariables): boolean {
  return Boolean(settings.get('group_replication_group_name'))
}

function isOff(value: string | undefined): boolean {
  return value === undefined || ['OFF', '0', ''].includes(value.toUpperCase())
}

function galera({ status }: ServerFacts): Check {
  if (status instanceof Undisclosed) return unknown('cluster', status.reason)
  const size = Number(status.get('wsrep_cluster_size'))
  const state = status.get('wsrep_local_state_comment')
  const component = status.get('wsrep_cluster_status')
  const says = `Galera, ${members(size)}; this one is ${state}, in a component that is ${component}`
  if (status.get('wsrep_ready') !== 'ON' || component !== 'Primary') {
    return bad(
      'cluster',
      `${says}: it has no quorum, or is joining`,
      'name all members in `servers`, and repair this one',
    )
  }
  if (state !== 'Synced') return warning('cluster', says, 'wait until it is Synced, or remove it from `servers`')
  return few(says, size)
}

function group({ members: found }: ServerFacts, settings: ServerVariables): Check {
  const mode = isOff(settings.get('group_replication_single_primary_mode')) ? 'multi' : 'single'
  const says = `Group Replication, ${mode}-primary`
  if (found instanceof Undisclosed) {
    const remedy = 'GRANT SELECT ON performance_schema.replication_group_members to the account, to check them'
    return { name: 'cluster', verdict: 'unknown', says: `${says}; this account cannot see its members`, remedy }
  }
  const me = found?.find(({ isThis }) => isThis)
  const online = (found ?? []).filter(({ state }) => state === 'ONLINE')
  const state = `${says}, ${members(online.length)} online; this one is ${describe(me)}`
  if (me?.state !== 'ONLINE') {
    return bad('cluster', state, 'START GROUP_REPLICATION there, or name all members in `servers`')
  }
  const lost = (found ?? []).filter(({ state }) => state !== 'ONLINE')
  if (lost.length === 0) return few(state, online.length)
  const others = lost.map(({ name, state }) => `${name} ${state}`).join(', ')
  return warning('cluster', `${state}; ${others}`, 'restart it: the group survives the loss of less than half')
}

function describe(member: GroupMember | undefined): string {
  return member ? `${member.state}${member.role ? `, ${member.role}` : ''}` : 'no member'
}

function members(count: number): string {
  return `${count} member${count === 1 ? '' : 's'}`
}

function few(says: string, count: number): Check {
  if (count >= 3) return good('cluster', says)
  return warning('cluster', `${says}; with fewer than three, the loss of one stops the cluster`, 'add members')
}
