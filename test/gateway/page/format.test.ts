import test from 'ava'
import { participants, queue, situation } from '../../../src/gateway/page/format.js'
import { totalsOf } from '../../../src/gateway/page/rows.js'
import type { ClaimJson, ResourceJson } from '../../../src/gateway/page/status.js'

const pool = (...claims: ClaimJson[]): ResourceJson => ({ kind: 'pool', name: 'nightly', maxLocks: 1, claims })
const AT = 1_000_000

test('an HTTP client is shown by its host and its request', t => {
  const claim: ClaimJson = { state: 'granted', host: 'web-1', user: '', command: 'GET /get/ from 10.0.0.7' }
  t.is(participants(pool(claim)), 'web-1 · GET /get/ from 10.0.0.7')
  t.is(participants(pool({ ...claim, pid: 12, user: 'root' })), 'root@web-1 pid 12 · GET /get/ from 10.0.0.7')
  t.is(participants(pool({ state: 'granted', host: 'web-1', connection: 7 })), 'web-1 connection 7')
})

test('an expired claim neither holds nor waits, and its resource is not free', t => {
  const dead: ClaimJson = { state: 'waiting', host: 'a', sinceMs: 90_000, overdue: true }
  const alive: ClaimJson = { state: 'waiting', host: 'b', sinceMs: 5000 }
  const both = pool(dead, alive)
  t.deepEqual(queue(both, AT), ['1 waiting', ', ', { since: AT - 5000 }])
  t.deepEqual(queue(pool(dead), AT), [])
  const totals = (...resources: ResourceJson[]) => totalsOf({ server: '', at: '', unseen: [], resources })
  t.deepEqual(totals(pool(dead), both).longest, { resource: both, ms: 5000 })
  t.deepEqual(totals(pool(dead), both, pool({ ...dead, state: 'granted' })), {
    ...{ held: 0, waiting: 1 },
    longest: { resource: both, ms: 5000 },
  })
  t.is(totals(pool(dead)).longest, undefined)
  const mutex = (...claims: ClaimJson[]): ResourceJson => ({ kind: 'mutex', name: 'x', claims })
  t.deepEqual(situation(mutex({ ...dead, state: 'granted' }), AT), [])
  t.deepEqual(situation(mutex(dead), AT), ['free'])
})
