import test from 'ava'
import fc from 'fast-check'
import { parseDate } from '../../src/config/date.js'

test('a date without a zone is UTC', t => {
  const read = (text: string) => parseDate(text)?.toISOString()
  t.is(read('2026-11-21'), '2026-11-21T00:00:00.000Z')
  t.is(read('2026-11-21T16:40'), '2026-11-21T16:40:00.000Z')
  t.is(read('2026-11-21 16:40:12'), '2026-11-21T16:40:12.000Z')
  t.is(read('2026-11-21T16:40:12.5+02:00'), '2026-11-21T14:40:12.500Z')
})

test('an invalid date is refused', t => {
  for (const text of [
    '',
    'yesterday',
    '2026',
    '2026-11',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21T24:01',
    '2026-11-21T16',
    '21.11.2026',
  ]) {
    t.is(parseDate(text), undefined, text)
  }
})

test('a printed date can be read again', t => {
  const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
  fc.assert(fc.property(dates, date => parseDate(date.toISOString())?.getTime() === date.getTime()))
  t.pass()
})
