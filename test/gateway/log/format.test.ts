/** The lines of the gateway's log. */
import test from 'ava'
import fc from 'fast-check'
import { targetOf } from '../../../src/gateway/http/access-log.js'
import type { AccessEntry, EventEntry, LogEntry } from '../../../src/gateway/log/entry.js'
import { formatter } from '../../../src/gateway/log/format.js'

const AT = new Date('2026-11-21T20:40:12.345Z')
const ACCESS: AccessEntry = { kind: 'access', client: '::1', method: 'GET', target: '/stats', status: 200, ms: 2 }

function eventEntry(
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

test('lanes: one line ends the lanes of a match, in any order of entries', t => {
  const met = ['machine', 'customer']
  const entries = [
    eventEntry('came', '1', 'machine'),
    eventEntry('came', '2', 'other', undefined, 'tea'),
    ACCESS,
    eventEntry('came', '3', 'customer'),
    eventEntry('met', '3', 'customer', met),
    eventEntry('met', '1', 'machine', met),
    eventEntry('left', '2', 'other', undefined, 'tea'),
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

test('lanes: a match names members of other gateways, without a lane', t => {
  t.deepEqual(lanes([eventEntry('came', '1', 'a'), eventEntry('met', '1', 'a', ['b', 'a', 'c'])]), [
    '┌ [e=coin a=a]',
    '└ match [e=coin a=b] [e=coin a=a] [e=coin a=c]',
  ])
})

test('lanes: with two actors of one name each still gets its line', t => {
  const twins = [eventEntry('came', '1', 'a'), eventEntry('came', '2', 'a'), eventEntry('came', '3', 'b')]
  const met = ['a', 'b']
  const end = [eventEntry('met', '3', 'b', met), eventEntry('met', '2', 'a', met), eventEntry('left', '1', 'a')]
  t.deepEqual(lanes([...twins, ...end]).slice(3), [
    '└│└ match [e=coin a=a] [e=coin a=b]',
    ' └ match [e=coin a=a] [e=coin a=b]',
    'stopped [e=coin a=a]',
  ])
})

test('lanes: every lane is closed in the end, for any sequence', t => {
  const actor = fc.constantFrom('a', 'b', 'c')
  fc.assert(
    fc.property(fc.array(fc.record({ actor, met: fc.array(actor, { maxLength: 3 }) }), { maxLength: 30 }), all => {
      const arrivals = all.map(one => eventEntry('came', String(all.indexOf(one)), one.actor))
      const ends = all.map(({ actor: me, met }, at) =>
        met.length === 0 ? eventEntry('left', String(at), me) : eventEntry('met', String(at), me, [me, ...met]),
      )
      t.is(lanes([...arrivals, ...ends, ACCESS]).at(-1), '::1 GET /stats 200 2ms')
    }),
  )
})

test('json: one object a line, with these members', t => {
  const line = formatter('json')
  t.is(
    line({ ...ACCESS, error: undefined }, AT),
    '{"time":"2026-11-21T20:40:12.345Z","kind":"access","client":"::1","method":"GET","target":"/stats","status":200,"ms":2}',
  )
  t.deepEqual(JSON.parse(line(eventEntry('met', '1', 'a', ['a', 'b']), AT) ?? ''), {
    ...{ time: AT.toISOString(), kind: 'event', what: 'met', request: '1', client: '::1', event: 'coin', actor: 'a' },
    ...{ ms: 7, match: '9', actors: ['a', 'b'] },
  })
  t.is(line({ kind: 'dropped', lines: 3 }, AT), `{"time":"${AT.toISOString()}","kind":"dropped","lines":3}`)
})

test('no text breaks a line, moves the cursor or imitates a field', t => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a\nb', '\x1b[2J', '\u2028', '\u202e', 'x] match [e=y'),
  )
  for (const format of ['lanes', 'json'] as const) {
    fc.assert(
      fc.property(text, text, (event, error) => {
        const line = formatter(format)
        for (const entry of [eventEntry('came', '1', 'a', undefined, event), { ...ACCESS, status: 500, error }]) {
          const written = line(entry, AT) ?? ''
          t.notRegex(written, /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
          if (format === 'json') t.like(JSON.parse(written), entry)
          else t.is(written.split('] [').length, 1)
        }
      }),
    )
  }
})

test('the target is logged as sent, cut, and never with the token', t => {
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
