import test from 'ava'
import fc from 'fast-check'
import { inColumns } from '../../../src/cli/output/columns.js'
import { harmless } from '../../../src/cli/output/width.js'

type TableRow = readonly [string, string, string]
const COLUMNS = [
  { head: 'NAME', of: (row: TableRow) => row[0], most: 6 },
  { head: 'N', of: (row: TableRow) => row[1], isNumber: true },
  { head: 'REST', of: (row: TableRow) => row[2] },
]
const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\t', '\x1b', 'ä', '🙂'), maxLength: 30 })
const rows = fc.array(fc.tuple(text, text, text), { maxLength: 5 })

test('columns fit their content, numbers align right, long text is cut', t => {
  const lines = ['NAME    N  REST', 'a       5  x', 'abcde…  7  a long …']
  const shown: TableRow[] = [
    ['a', '5', 'x'],
    ['abcdefgh', '7', 'a long command'],
  ]
  t.is(inColumns(COLUMNS, shown, 19), lines.map(line => `${line}\n`).join(''))
})

test('any content gives one harmless line a row within the width (property)', t => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 60 }), (rows, width) => {
      const lines = inColumns(COLUMNS, rows, width).split('\n')
      t.is(lines.length, rows.length + 2)
      for (const line of lines) {
        t.true([...line].length <= width)
        t.notRegex(line, /\p{Cc}/u)
      }
    }),
  )
})

test('without a width limit nothing is cut', t => {
  fc.assert(
    fc.property(rows, rows => {
      const lines = inColumns(COLUMNS, rows, Number.POSITIVE_INFINITY).split('\n')
      rows.forEach((row, at) => {
        for (const cell of row) t.true(lines[at + 1]?.includes(harmless(cell).trimEnd()))
      })
    }),
  )
})
