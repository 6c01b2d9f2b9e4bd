/** Checks of clusters, proxies and servers of other kinds, from what they show an account without privileges. */
import test from 'ava'
import type { Check } from '../../../src/commands/doctor/check.js'
import { clusterChecks } from '../../../src/commands/doctor/cluster.js'
import type { GroupMember } from '../../../src/store/diagnosis.js'
import { Undisclosed } from '../../../src/store/table-diagnosis.js'
import { facts, type GivenFacts } from './facts.js'

function find(name: string, told: GivenFacts, isMember = false): Check {
  const found = clusterChecks(facts(told), isMember).find(check => check.name === name)
  if (!found) throw new Error(`no check ${name}`)
  return found
}

const identity = (told: object) => ({ ...(facts().identity as object), ...told }) as never

const GALERA = { wsrep_on: 'ON', wsrep_cluster_name: 'c' }
const SYNCED = {
  ...{
    wsrep_cluster_size: '3',
    wsrep_cluster_status: 'Primary',
    wsrep_local_state_comment: 'Synced',
    wsrep_ready: 'ON',
  },
}

test('Galera: the check names size, state and quorum', t => {
  const galera = (status: Record<string, string>) =>
    find('cluster', { settings: GALERA, status: { ...SYNCED, ...status } })
  t.deepEqual(galera({}), {
    name: 'cluster',
    verdict: 'good',
    says: 'Galera, 3 members; this one is Synced, in a component that is Primary',
  })
  t.is(galera({ wsrep_cluster_size: '2' }).verdict, 'warning')
  t.is(galera({ wsrep_local_state_comment: 'Donor/Desynced' }).verdict, 'warning')
  for (const status of [{ wsrep_cluster_status: 'non-Primary' }, { wsrep_ready: 'OFF' }]) {
    t.regex(galera(status).says, /no quorum, or is joining/)
    t.is(galera(status).verdict, 'bad')
  }
})

const SINGLE = { group_replication_group_name: 'aaaa', group_replication_single_primary_mode: 'ON' }

function member(name: string, state: string, role: string, isThis = false): GroupMember {
  return { name, state, role, isThis }
}

const GROUP = [
  member('a:3306', 'ONLINE', 'PRIMARY', true),
  member('b:3306', 'ONLINE', 'SECONDARY'),
  member('c:3306', 'ONLINE', 'SECONDARY'),
]

test('Group Replication: the check names mode, state, role and missing members', t => {
  t.deepEqual(find('cluster', { settings: SINGLE, members: GROUP }), {
    name: 'cluster',
    verdict: 'good',
    says: 'Group Replication, single-primary, 3 members online; this one is ONLINE, PRIMARY',
  })
  const multi = { ...SINGLE, group_replication_single_primary_mode: 'OFF' }
  t.regex(find('cluster', { settings: multi, members: GROUP }).says, /multi-primary/)
  const away = find('cluster', {
    settings: SINGLE,
    members: [...GROUP.slice(0, 2), member('c:3306', 'UNREACHABLE', '')],
  })
  t.is(away.verdict, 'warning')
  t.regex(away.says, /2 members online; .*; c:3306 UNREACHABLE$/)
  for (const members of [[member('', 'OFFLINE', '', true)], []]) {
    t.is(find('cluster', { settings: SINGLE, members }).verdict, 'bad')
  }
  const denied = find('cluster', { settings: SINGLE, members: new Undisclosed('SELECT command denied') })
  t.is(denied.verdict, 'unknown')
  t.regex(denied.remedy ?? '', /^GRANT SELECT ON performance_schema/)
})

test('a loaded but unconfigured plugin is no group', t => {
  const names = clusterChecks(facts({ settings: { group_replication_group_name: '' } }), false).map(({ name }) => name)
  t.deepEqual(names, ['kind', 'proxy', 'writable'])
})

test('read-only is bad for a replica, good for a secondary among several servers', t => {
  const settings = { read_only: 'ON', super_read_only: 'ON' }
  t.is(find('writable', { settings }).verdict, 'bad')
  t.regex(find('writable', { settings }).says, /\(read_only, super_read_only\)/)
  t.is(find('writable', { settings }, true).verdict, 'bad')
  t.is(find('writable', { settings: { ...settings, ...SINGLE } }, true).verdict, 'good')
  t.is(find('writable', { settings: { ...settings, ...SINGLE } }).verdict, 'bad')
  // MariaDB 12 has several values for it
  t.is(find('writable', { settings: { read_only: 'NO_LOCK' } }).verdict, 'bad')
  t.is(find('writable', { settings: { innodb_read_only: '1' } }).verdict, 'bad')
  t.is(find('writable', { status: { slave_running: 'ON' } }).verdict, 'warning')
})

test('a proxy is detected by its own name, or by a different connection number', t => {
  t.is(find('proxy', {}).verdict, 'good')
  t.regex(find('proxy', { proxy: 'ProxySQL' }).says, /^sera connects through ProxySQL/)
  const other = find('proxy', { identity: identity({ connection: 15489 }) })
  t.deepEqual([other.verdict, other.remedy], ['warning', 'let sera connect to the primary directly'])
  t.regex(other.says, /connection 7 is 15489 at the server/)
  const tidb = {
    greeting: { version: '8.0.11-TiDB-v8.1.0', connection: 7 },
    identity: identity({ connection: 2 ** 40 }),
  }
  t.is(find('proxy', tidb).verdict, 'good', 'its connection numbers do not fit into a greeting')
})

test('kind: supported servers are good, untested ones are not', t => {
  const kind = (version: string, told: GivenFacts = {}) => find('kind', { identity: identity({ version }), ...told })
  t.is(kind('9.1.0').says, 'MySQL 9.1.0')
  t.is(kind('11.4.2-MariaDB', { isMariaDb: true }).says, 'MariaDB 11.4.2-MariaDB')
  const aurora = kind('8.0.32', { settings: { aurora_version: '3.05.2' } })
  t.deepEqual([aurora.verdict, /writer/.test(aurora.says)], ['good', true])
  t.is(kind('8.0.11-TiDB-v8.1.0').verdict, 'warning')
  t.is(kind('8.0.30-Vitess').verdict, 'bad')
})

test('a member that refuses SELECT is identified by its greeting', t => {
  const noQuorum = { identity: new Undisclosed('the cluster member is not ready'), settings: GALERA, status: {} }
  t.is(find('kind', noQuorum).says, 'MySQL 8.4.3')
  t.is(find('proxy', noQuorum).verdict, 'unknown')
  t.is(find('cluster', noQuorum).verdict, 'bad')
})
