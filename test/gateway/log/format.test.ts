/** The lines of the gateway's log. */
import test from 'ava'
import fc from 'fast-check'
import { targetOf } from '../../../src/gateway/http/access-log.js'
import type { AccessEntry, EventEntry, LogEntry } from '../../../src/gateway/log/entry.js'
import { formatter } from '../../../src/gateway/log/format.js'

const AT = new Date('2026-11-21T20:40:12.345Z')
const ACCESS: AccessEntry = { kind: 'access', client: '::1', method: 'GET', target: '/stats', status: 200, ms: 2 }

function story(
  what: EventEntry['what'],
  request: string,
  actor: string,
  actors?: string[],
  event = 'coin',
): EventEntry {
  return { kind: 'event', what, request, client: '::1', event, actor, ms: 7, ...(actors && { match: '9', actors }) }
}

function lanes(entries: readonly LogEntry[]): (string | undefined)[] {
  const line = formatter('lanes')
  return entries.map(entry => line(entry, AT)?.replace(/^20:40:12Z ?/, ''))
}

test('lanes: those who meet end in one line, whoever says so first', t => {
  const met = ['machine', 'customer']
  const entries = [
    story('came', '1', 'machine'),
    story('came', '2', 'other', undefined, 'tea'),
    ACCESS,
    story('came', '3', 'customer'),
    story('met', '3', 'customer', met),
    story('met', '1', 'machine', met),
    story('left', '2', 'other', undefined, 'tea'),
    ACCESS,
  ]
  t.deepEqual(lanes(entries), [
    '┌ [e=coin a=machine]',
    '│┌ [e=tea a=other]',
    '││ ::1 GET /stats 200 2ms',
    '││┌ [e=coin a=customer]',
    '└│└ match [e=coin a=machine] [e=coin a=customer]',
    undefined,
    ' ┴ stopped [e=tea a=other]',
    '::1 GET /stats 200 2ms',
  ])
})

test('lanes: who has met others through another gateway is named, and has no lane here', t => {
  t.deepEqual(lanes([story('came', '1', 'a'), story('met', '1', 'a', ['b', 'a', 'c'])]), [
    '┌ [e=coin a=a]',
    '└ match [e=coin a=b] [e=coin a=a] [e=coin a=c]',
  ])
})

test('lanes: of two with one name the wrong one may be drawn, and each is told of all the same', t => {
  const twins = [story('came', '1', 'a'), story('came', '2', 'a'), story('came', '3', 'b')]
  const met = ['a', 'b']
  const end = [story('met', '3', 'b', met), story('met', '2', 'a', met), story('left', '1', 'a')]
  t.deepEqual(lanes([...twins, ...end]).slice(3), [
    '└│└ match [e=coin a=a] [e=coin a=b]',
    ' └ match [e=coin a=a] [e=coin a=b]',
    'stopped [e=coin a=a]',
  ])
})

test('lanes: whatever happens, every lane is closed in the end', t => {
  const actor = fc.constantFrom('a', 'b', 'c')
  fc.assert(
    fc.property(fc.array(fc.record({ actor, met: fc.array(actor, { maxLength: 3 }) }), { maxLength: 30 }), all => {
      const comes = all.map(one => story('came', String(all.indexOf(one)), one.actor))
      const ends = all.map(({ actor: me, met }, at) =>
        met.length === 0 ? story('left', String(at), me) : story('met', String(at), me, [me, ...met]),
      )
      t.is(lanes([...comes, ...ends, ACCESS]).at(-1), '::1 GET /stats 200 2ms')
    }),
  )
})

test('json: an object a line, with these members', t => {
  const line = formatter('json')
  t.is(
    line({ ...ACCESS, error: undefined }, AT),
    '{"time":"2026-11-21T20:40:12.345Z","kind":"access","client":"::1","method":"GET","target":"/stats","status":200,"ms":2}',
  )
  t.deepEqual(JSON.parse(line(story('met', '1', 'a', ['a', 'b']), AT) ?? ''), {
    ...{ time: AT.toISOString(), kind: 'event', what: 'met', request: '1', client: '::1', event: 'coin', actor: 'a' },
    ...{ ms: 7, match: '9', actors: ['a', 'b'] },
  })
  t.is(line({ kind: 'dropped', lines: 3 }, AT), `{"time":"${AT.toISOString()}","kind":"dropped","lines":3}`)
})

test('no text makes a line two, moves a cursor, or looks like another field', t => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a\nb', '\x1b[2J', '\u2028', '\u202e', 'x] match [e=y'),
  )
  for (const format of ['lanes', 'json'] as const) {
    fc.assert(
      fc.property(text, text, (event, error) => {
        const line = formatter(format)
        for (const entry of [story('came', '1', 'a', undefined, event), { ...ACCESS, status: 500, error }]) {
          const said = line(entry, AT) ?? ''
          t.notRegex(said, /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
          if (format === 'json') t.like(JSON.parse(said), entry)
          else t.is(said.split('] [').length, 1)
        }
      }),
    )
  }
})

test('what was asked for is logged as it was sent, cut, and never with the token', t => {
  const token = 's3cret-%41/token=='
  const target = (path: string) => targetOf(`http://localhost:1${path}`, token)
  t.is(target('/get/?host=a%20b&pool=%0A'), '/get/?host=a%20b&pool=%0A')
  t.is(target(`/?x=${'y'.repeat(600)}`), `/?x=${'y'.repeat(496)}…`)
  const hex = [...token].map(letter => `%${letter.charCodeAt(0).toString(16)}`).join('')
  for (const spelled of [token, encodeURIComponent(token), hex, `%ff${hex}`, token.replace('/', '%2F')]) {
    t.is(target(`/event?token=${spelled}`), '…', spelled)
    t.is(target(`/${spelled}`), '…', spelled)
  }
})
