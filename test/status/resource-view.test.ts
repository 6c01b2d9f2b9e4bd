import test from 'ava'
import { type ClaimWithOwner, freshClaim, NEVER_MS, NO_PROCESS } from '../../src/claims/model.js'
import { holders, statusViewOf, waiters } from '../../src/status/resource-view.js'

const AT = Date.UTC(2026, 10, 21, 12)
const HOUR_MS = 3_600_000

const holder = (id: string, leaseMs: number, sinceMs: number): ClaimWithOwner => ({
  ...freshClaim({ id, leaseMs }, (AT - sinceMs) * 1000, NO_PROCESS),
  ...{ state: 'granted', host: id, pid: 0, user: '', command: '', sinceMs, overdueMs: sinceMs - leaseMs },
})

function sightsOf(kind: string, ...claims: ClaimWithOwner[][]) {
  const value = (AT + HOUR_MS) * 1000
  const resource = { version: AT * 1000, grantedToken: undefined, capacity: 4, value, generation: 0, record: undefined }
  const { views } = statusViewOf({
    ...{ server: '', now: AT * 1000, isCut: false, unseen: [], getLocks: [] },
    resources: claims.map((claims, at) => ({ key: { kind, name: String(at) }, resource, claims })),
  })
  return views
}

function membersOf(kind: string, claims: ClaimWithOwner[]) {
  return sightsOf(kind, claims).flatMap(view => view.claims)
}

test('a claim without a process disappears when its lease ends, never if it is endless', t => {
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

test('an operation at a gate or counter leaves no holder', t => {
  const record = holder('record', HOUR_MS, 0)
  const waiter: ClaimWithOwner = { ...record, id: 'waiter', state: 'waiting' }
  t.deepEqual(
    membersOf('gate', [record, waiter]).map(({ id }) => id),
    ['waiter'],
  )
  t.is(membersOf('counter', [record]).length, 0)
  t.is(membersOf('mutex', [record]).length, 1)
})

test('an expired claim counts as neither holder nor waiter, and is listed last', t => {
  const live = { ...holder('live', HOUR_MS, 0), processId: 'process' }
  const expired = { ...live, id: 'expired', overdueMs: 1, sinceMs: 3 * HOUR_MS }
  const waits = { ...expired, state: 'waiting' as const }
  const views = sightsOf('mutex', [expired], [live, waits])
  t.deepEqual(
    views.map(({ name }) => name),
    ['1', '0'],
  )
  t.deepEqual(
    views.flatMap(view => [...holders(view), ...waiters(view)]).map(({ id }) => id),
    ['live'],
  )
  t.is(views.flatMap(({ claims }) => claims).length, 3, 'all are shown')
})
