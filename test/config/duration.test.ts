import test from 'ava'
import fc from 'fast-check'
import { formatDuration, parseDuration, parseWait } from '../../src/config/duration.js'

const read: Array<[text: string, ms: number]> = [
  ['0', 0],
  ['90', 90_000],
  ['007', 7000],
  ['1.5', 1500],
  ['.5', 500],
  ['1.1', 1100],
  ['500ms', 500],
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1d2h3m4s5ms', 93_784_005],
  ['1.5h', 5_400_000],
  ['0.0001', 1],
]

for (const [text, ms] of read) {
  test(`'${text}' is ${ms} ms`, t => {
    t.is(parseDuration(text), ms)
    t.is(parseWait(text), ms)
  })
}

const refused = [
  '',
  ' ',
  '-1',
  '+5',
  '-5s',
  '5 s',
  ' 5',
  '5\n',
  's',
  '1e3',
  '0x10',
  '5x',
  '30m1h',
  '5m5m',
  '1.',
  'Infinity',
  'NaN',
  '5M',
  '٣',
]

for (const text of refused) {
  test(`${JSON.stringify(text)} is no duration and no wait`, t => {
    t.is(parseDuration(text), undefined)
    t.is(parseWait(text), undefined)
  })
}

test('only a wait may be forever', t => {
  t.is(parseWait('forever'), Number.POSITIVE_INFINITY)
  t.is(parseDuration('forever'), undefined)
})

test('a number too large to be counted in milliseconds is no duration', t => {
  t.is(parseDuration('9'.repeat(20)), undefined)
  t.is(parseDuration('9'.repeat(400)), undefined)
  t.is(parseDuration(`${'9'.repeat(400)}d`), undefined)
})

const formatted: Array<[ms: number, text: string]> = [
  [0, '0s'],
  [1, '1ms'],
  [12.34, '12ms'],
  [999.9, '1s'],
  [1500, '1.5s'],
  [90_000, '90s'],
  [120_000, '2m'],
  [5_400_000, '1h30m'],
  [90_061_001, '1d1h1m1.001s'],
  [Number.POSITIVE_INFINITY, 'forever'],
]

for (const [ms, text] of formatted) {
  test(`${ms} ms is shown as ${text}`, t => t.is(formatDuration(ms), text))
}

test('what is shown can be pasted back', t => {
  fc.assert(fc.property(fc.nat({ max: 2 ** 45 }), ms => parseWait(formatDuration(ms)) === ms))
  t.pass()
})

test('no text makes the parser throw or give anything but whole milliseconds', t => {
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'0123456789.dhms') }))
  fc.assert(
    fc.property(texts, text => {
      const ms = parseDuration(text)
      return ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)
    }),
  )
  t.pass()
})
