import test from 'ava'
import fc from 'fast-check'
import { formatLine, MAX_LINE_BYTES } from '../../src/log/line.js'
import type { Fields } from '../../src/log/log.js'

const key = fc.stringMatching(/^[a-z][a-z0-9_]{0,15}$/)
/** Any code units, also lone surrogates, often characters that could forge a line. */
const text = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1 }),
    fc.constantFrom(...' "=\\\n\r\t\u0085\u2028\u202e\u007f\ud800…'),
  ),
})
const fieldsOf = (value: fc.Arbitrary<string | number | undefined>) =>
  fc.dictionary(key, value, { maxKeys: 8, noNullPrototype: true })
const short = fieldsOf(
  fc.oneof(
    text.filter(value => JSON.stringify(value).length < 40),
    fc.integer(),
    fc.constant(undefined),
  ),
)
const long = fieldsOf(fc.oneof(text, fc.string({ unit: 'grapheme', minLength: 200, maxLength: 2000 }), fc.integer()))

/** Parses a line as a log reader does. It is independent of the code under test. */
function parse(line: string): Record<string, string> {
  const pair = /([a-z][a-z0-9_]*)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: (?=[a-z])|$)/y
  const fields: Record<string, string> = {}
  while (pair.lastIndex < line.length) {
    const [, name, value] = pair.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not a line: ${line}`)
    fields[name] = value.startsWith('"') ? JSON.parse(value) : value
    if (pair.lastIndex === 0) break
  }
  return fields
}

function asText(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
}

test('a line has the documented format', t => {
  const fields = {
    outcome: 'timed-out',
    lock: 'migrate',
    wait: 90,
    waited: '90.0',
    holder: 'web-2 pid 4312',
    exit: undefined,
  }
  t.is(
    formatLine({ ...fields, command: 'migrate.sh --all' }),
    'outcome=timed-out lock=migrate wait=90 waited=90.0 holder="web-2 pid 4312" command="migrate.sh --all"',
  )
})

test('only an ambiguous value is quoted', t => {
  t.is(
    formatLine({ a: '', b: 'x=1', c: 'a "b" \\', d: "it's", e: 'a\nb', f: '/srv/ü,1:{}' }),
    'a="" b="x=1" c="a \\"b\\" \\\\" d=it\'s e="a\\nb" f=/srv/ü,1:{}',
  )
})

test('any values give one line without invisible characters (property)', t => {
  fc.assert(fc.property(long, fields => /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]*$/u.test(formatLine(fields))))
  t.pass()
})

test('a parsed line gives the same fields (property)', t => {
  fc.assert(fc.property(short, fields => t.deepEqual(parse(formatLine(fields)), asText(fields))))
})

test('a line stays within the limit and keeps all keys (property)', t => {
  fc.assert(
    fc.property(long, fields => {
      const line = formatLine(fields)
      t.true(Buffer.byteLength(line) <= MAX_LINE_BYTES)
      t.deepEqual(Object.keys(parse(line)), Object.keys(fields))
    }),
  )
})

test('the longest value is cut to fit, and marked', t => {
  const line = formatLine({ outcome: 'lost', reason: 'r'.repeat(100), command: 'ü'.repeat(5000), pid: 12 })
  t.regex(line, /^outcome=lost reason=r{100} command=ü+… pid=12$/)
  t.true(Buffer.byteLength(line) > MAX_LINE_BYTES - 4)
})

test('two long values share the room', t => {
  const { a = '', b = '' } = parse(formatLine({ a: 'a'.repeat(2000), b: 'b'.repeat(1000) }))
  t.is(a.length, b.length)
  t.true(a.length > 400)
})

test('a value is cut between two characters', t => {
  for (let before = 0; before < 4; before += 1)
    t.notRegex(formatLine({ text: 'x'.repeat(before) + '😀'.repeat(500) }), /\\ud|�/)
})
