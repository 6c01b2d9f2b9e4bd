/** The check of the engine, and the checks of several servers. */
import test from 'ava'
import { chosenEngine, engineChecks } from '../../../src/commands/doctor/engine.js'
import { UnsupportedServer } from '../../../src/store/get-lock/server-support.js'
import { Undisclosed } from '../../../src/store/table-diagnosis.js'
import { diagnosis } from './facts.js'

const SETTINGS = { engine: 'auto', leaseMs: 60_000, allowMultiPrimary: false, maxClockSkewMs: 30_000 } as const
const leasable = new UnsupportedServer('it is a Galera member', true)
const hopeless = new UnsupportedServer('it is an NDB Cluster node', false)

test('auto chooses GET_LOCK if it excludes, otherwise a lease if that works', t => {
  t.is(chosenEngine(SETTINGS, [diagnosis()]), 'get_lock')
  t.is(chosenEngine(SETTINGS, [diagnosis({ getLock: leasable })]), 'lease')
  t.is(chosenEngine(SETTINGS, [diagnosis({ getLock: hopeless })]), undefined)
  t.is(chosenEngine({ ...SETTINGS, engine: 'get_lock' }, [diagnosis({ getLock: leasable })]), undefined)
  t.is(chosenEngine({ ...SETTINGS, engine: 'lease' }, []), 'lease')
  t.is(chosenEngine(SETTINGS, [{ ...diagnosis(), facts: undefined }]), undefined)
})

test('the check names the engine and the reason, or a remedy', t => {
  const [engine] = engineChecks(SETTINGS, [diagnosis({ getLock: leasable })], 'default')
  t.like(engine, { verdict: 'good' })
  t.regex(engine?.says ?? '', /^lease, by auto \(default\): it is a Galera member/)
  t.like(engineChecks({ ...SETTINGS, engine: 'get_lock' }, [diagnosis({ getLock: leasable })], '--engine')[0], {
    verdict: 'bad',
    says: 'GET_LOCK cannot lock safely here: it is a Galera member',
    remedy: leasable.remedy,
  })
  t.is(engineChecks(SETTINGS, [diagnosis({ getLock: hopeless })], 'default')[0]?.verdict, 'bad')
  t.is(engineChecks(SETTINGS, [diagnosis({ getLock: new Undisclosed('killed') })], 'default')[0]?.verdict, 'unknown')
})

test('a short lease on a cluster is a warning', t => {
  const names = (leaseMs: number, settings: Record<string, string>) =>
    engineChecks({ ...SETTINGS, leaseMs }, [diagnosis({ settings })], 'default').map(({ name }) => name)
  t.deepEqual(names(14_000, { wsrep_on: 'ON' }), ['engine', 'lease'])
  t.deepEqual(names(15_000, { wsrep_on: 'ON' }), ['engine'])
  t.deepEqual(names(15_000, { group_replication_group_name: 'x' }), ['engine', 'lease'])
  t.deepEqual(names(14_000, { wsrep_on: 'OFF' }), ['engine'])
})

test('of several servers at least one must take writes, and their clocks must agree', t => {
  const second = (server: string, read_only = 'ON') =>
    diagnosis({ clock: { before: 0, after: 2, server }, settings: { read_only } })
  const verdicts = (...servers: ReturnType<typeof diagnosis>[]) =>
    engineChecks({ ...SETTINGS, engine: 'lease' }, servers, 'default').map(({ name, verdict }) => `${name} ${verdict}`)
  const now = '1970-01-01 00:00:00.001000'
  t.deepEqual(verdicts(second(now), second(now, 'OFF')), ['engine good', 'writers good', 'clocks good'])
  t.deepEqual(verdicts(second(now), second(now)), ['engine good', 'writers bad', 'clocks good'])
  const later = '1970-01-01 00:00:20.000000'
  t.deepEqual(verdicts(second(now), second(later, 'OFF')), ['engine good', 'writers good', 'clocks warning'])
  const far = '1970-01-01 00:00:31.000000'
  t.deepEqual(verdicts(second(now), second(far, 'OFF')), ['engine good', 'writers good', 'clocks bad'])
})
