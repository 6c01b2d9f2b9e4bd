import test from 'ava'
import type { ClaimJson, EntryJson, Status } from '../../../src/gateway/page/status.js'
import { Timeline } from '../../../src/gateway/page/timeline.js'

const START = Date.UTC(2026, 10, 21, 12)
const iso = (second: number) => new Date(START + second * 1000).toISOString()

/** Seconds after the start. */
const statusAt = (second: number, claims: readonly ClaimJson[]): Status => ({
  ...{ server: 'db', at: iso(second), unseen: [] },
  resources: [{ kind: 'rwlock', name: 'wiki', claims }],
})

const claim = (pid: number, requested: number, given: Partial<ClaimJson> = {}): ClaimJson => ({
  ...{ state: 'waiting', host: 'web', pid, command: 'job', ticket: String((START + requested * 1000) * 1000) },
  ...given,
})

const entry = (pid: number, requested: number, granted: number | null, released: number): EntryJson => ({
  ...{ kind: 'rwlock', name: 'wiki', outcome: 'ran', exitCode: 0, token: null, host: 'web', pid, user: 'root' },
  ...{ command: 'job', requestedAt: iso(requested), releasedAt: iso(released) },
  grantedAt: granted === null ? null : iso(granted),
})

/** The intervals, in seconds after the start. */
const secondsOf = (timeline: Timeline) =>
  [...timeline.intervals(0).values()].flat().map(({ who, requestedAt, grantedAt, endedAt }) => {
    const seconds = [requestedAt, grantedAt, endedAt].map(at => at && (at - START) / 1000)
    return [who, ...seconds]
  })

test('a claim is followed through waiting, granted and released', t => {
  const timeline = new Timeline()
  t.false(timeline.observe(statusAt(2, [claim(1, 1, { sinceMs: 1000 })])))
  t.deepEqual(secondsOf(timeline), [['web 1', 1, undefined, undefined]])
  timeline.observe(statusAt(5, [claim(1, 1, { state: 'granted', sinceMs: 1000 })]))
  t.deepEqual(secondsOf(timeline), [['web 1', 1, 4, undefined]])
  t.true(timeline.observe(statusAt(8, [])))
  t.deepEqual(secondsOf(timeline), [['web 1', 1, 4, 8]])
})

test('a history entry replaces the interval of the same run, and no other', t => {
  const timeline = new Timeline()
  const has = { state: 'granted', sinceMs: 0 } as const
  timeline.observe(statusAt(5, [claim(1, 1, has), claim(2, 1, has)]))
  timeline.observe(statusAt(8, []))
  timeline.addEntries([entry(1, 1, 4.5, 7.2), entry(1, -50, -49, -40)])
  t.deepEqual(secondsOf(timeline), [
    ['web 1', -50, -49, -40],
    ['web 1', 1, 4.5, 7.2],
    ['web 2', 1, 5, 8],
  ])
  timeline.addEntries([entry(1, 1, 4.5, 7.2)])
  t.is(secondsOf(timeline).length, 3, 'an entry that is added twice counts once')
})

test('a GET_LOCK hold starts when the page first sees it', t => {
  const timeline = new Timeline()
  const session: ClaimJson = { state: 'waiting', host: 'web', pid: 1, connection: 7 }
  timeline.observe(statusAt(2, [{ ...session, sinceMs: 1000 }]))
  timeline.observe(statusAt(3, [{ ...session, state: 'granted' }]))
  timeline.observe(statusAt(9, [{ ...session, state: 'granted' }]))
  t.deepEqual(secondsOf(timeline), [['web 1', 1, 3, undefined]])
})

test('intervals older than the longest range are forgotten', t => {
  const timeline = new Timeline()
  timeline.addEntries([entry(1, 0, 1, 2), entry(2, 100_000, 100_001, 100_002)])
  timeline.forget(START + 100_010_000)
  t.deepEqual(secondsOf(timeline), [['web 2', 100_000, 100_001, 100_002]])
  t.is(timeline.intervals(START + 100_003_000).size, 0)
})

test('a claim that leaves no history entry is forgotten, too', t => {
  const timeline = new Timeline()
  timeline.observe(statusAt(2, [claim(1, 1)]))
  timeline.observe(statusAt(3, [claim(2, 2)]))
  timeline.observe(statusAt(90_000, [claim(2, 2)]))
  t.is(secondsOf(timeline).length, 2, 'still within the longest range')
  timeline.observe(statusAt(90_004, [claim(2, 2)]))
  t.deepEqual(secondsOf(timeline), [['web 2', 2, undefined, undefined]])
})
