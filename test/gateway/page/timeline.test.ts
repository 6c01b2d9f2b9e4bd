import test from 'ava'
import type { ClaimJson, EntryJson, Status } from '../../../src/gateway/page/status.js'
import { Timeline } from '../../../src/gateway/page/timeline.js'

const START = Date.UTC(2026, 10, 21, 12)
const iso = (second: number) => new Date(START + second * 1000).toISOString()

/** Seconds after the start. */
const picture = (second: number, claims: readonly ClaimJson[]): Status => ({
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

/** Who was there from when to when, in seconds. */
const told = (timeline: Timeline) =>
  [...timeline.intervals(0).values()].flat().map(({ who, requestedAt, grantedAt, endedAt }) => {
    const seconds = [requestedAt, grantedAt, endedAt].map(at => at && (at - START) / 1000)
    return [who, ...seconds]
  })

test('who waits, is granted and goes is followed from picture to picture', t => {
  const timeline = new Timeline()
  t.false(timeline.see(picture(2, [claim(1, 1, { sinceMs: 1000 })])))
  t.deepEqual(told(timeline), [['web 1', 1, undefined, undefined]])
  timeline.see(picture(5, [claim(1, 1, { state: 'granted', sinceMs: 1000 })]))
  t.deepEqual(told(timeline), [['web 1', 1, 4, undefined]])
  t.true(timeline.see(picture(8, [])))
  t.deepEqual(told(timeline), [['web 1', 1, 4, 8]])
})

test('an entry takes the place of what was seen of the same run, and of no other', t => {
  const timeline = new Timeline()
  const has = { state: 'granted', sinceMs: 0 } as const
  timeline.see(picture(5, [claim(1, 1, has), claim(2, 1, has)]))
  timeline.see(picture(8, []))
  timeline.recall([entry(1, 1, 4.5, 7.2), entry(1, -50, -49, -40)])
  t.deepEqual(told(timeline), [
    ['web 1', -50, -49, -40],
    ['web 1', 1, 4.5, 7.2],
    ['web 2', 1, 5, 8],
  ])
  timeline.recall([entry(1, 1, 4.5, 7.2)])
  t.is(told(timeline).length, 3, 'told twice, there once')
})

test('of a connection that holds by GET_LOCK it is known since when it is seen', t => {
  const timeline = new Timeline()
  const session: ClaimJson = { state: 'waiting', host: 'web', pid: 1, connection: 7 }
  timeline.see(picture(2, [{ ...session, sinceMs: 1000 }]))
  timeline.see(picture(3, [{ ...session, state: 'granted' }]))
  timeline.see(picture(9, [{ ...session, state: 'granted' }]))
  t.deepEqual(told(timeline), [['web 1', 1, 3, undefined]])
})

test('what is over for longer than can be drawn is forgotten', t => {
  const timeline = new Timeline()
  timeline.recall([entry(1, 0, 1, 2), entry(2, 100_000, 100_001, 100_002)])
  timeline.forget(START + 100_010_000)
  t.deepEqual(told(timeline), [['web 2', 100_000, 100_001, 100_002]])
  t.is(timeline.intervals(START + 100_003_000).size, 0)
})

test('who has gone without an entry is forgotten, too, though none ever comes', t => {
  const timeline = new Timeline()
  timeline.see(picture(2, [claim(1, 1)]))
  timeline.see(picture(3, [claim(2, 2)]))
  timeline.see(picture(90_000, [claim(2, 2)]))
  t.is(told(timeline).length, 2, 'it can still be drawn')
  timeline.see(picture(90_004, [claim(2, 2)]))
  t.deepEqual(told(timeline), [['web 2', 2, undefined, undefined]])
})
