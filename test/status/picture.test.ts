import test from 'ava'
import { holders, pictureOf, waiters } from '../../src/status/picture.js'
import { type Contender, freshClaim, NEVER_MS, NOBODY } from '../../src/store/claims.js'

const AT = Date.UTC(2026, 10, 21, 12)
const HOUR_MS = 3_600_000

const holder = (id: string, leaseMs: number, sinceMs: number): Contender => ({
  ...freshClaim({ id, leaseMs }, (AT - sinceMs) * 1000, NOBODY),
  ...{ state: 'granted', host: id, pid: 0, user: '', command: '', sinceMs, overdueMs: sinceMs - leaseMs },
})

function sightsOf(kind: string, ...claims: Contender[][]) {
  const value = (AT + HOUR_MS) * 1000
  const resource = { version: AT * 1000, grantedToken: undefined, capacity: 4, value, generation: 0, record: undefined }
  const { sights } = pictureOf({
    ...{ server: '', now: AT * 1000, isCut: false, unseen: [], getLocks: [] },
    resources: claims.map((claims, at) => ({ key: { kind, name: String(at) }, resource, claims })),
  })
  return sights
}

function membersOf(kind: string, claims: Contender[]) {
  return sightsOf(kind, claims).flatMap(sight => sight.members)
}

test('who has no process is gone when the time is over, and never when it was given for ever', t => {
  const claims = [
    holder('in time', HOUR_MS, HOUR_MS - 1),
    holder('too late', HOUR_MS, HOUR_MS + 1),
    holder('for ever', NEVER_MS, HOUR_MS),
    holder('for ever and long', NEVER_MS, NEVER_MS + HOUR_MS),
  ]
  t.deepEqual(
    membersOf('pool', claims).map(({ host, leaseLeftMs }) => [host, leaseLeftMs]),
    [
      ['in time', 1],
      ['for ever', undefined],
      ['for ever and long', undefined],
    ],
  )
})

test('what was done at a gate, or counted, is not held by who did it', t => {
  const record = holder('record', HOUR_MS, 0)
  const waiter: Contender = { ...record, id: 'waiter', state: 'waiting' }
  t.deepEqual(
    membersOf('gate', [record, waiter]).map(({ id }) => id),
    ['waiter'],
  )
  t.is(membersOf('counter', [record]).length, 0)
  t.is(membersOf('mutex', [record]).length, 1)
})

test('an expired claim neither holds nor waits, and its resource is listed last', t => {
  const live = { ...holder('live', HOUR_MS, 0), processId: 'process' }
  const expired = { ...live, id: 'expired', overdueMs: 1, sinceMs: 3 * HOUR_MS }
  const waits = { ...expired, state: 'waiting' as const }
  const sights = sightsOf('mutex', [expired], [live, waits])
  t.deepEqual(
    sights.map(({ name }) => name),
    ['1', '0'],
  )
  t.deepEqual(
    sights.flatMap(sight => [...holders(sight), ...waiters(sight)]).map(({ id }) => id),
    ['live'],
  )
  t.is(sights.flatMap(({ members }) => members).length, 3, 'all are shown')
})
