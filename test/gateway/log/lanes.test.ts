/** Each waiting participant has its own lane from its arrival to its end, in every sequence of events. */
import test from 'ava'
import fc from 'fast-check'
import { Lanes, MOST_LANES } from '../../../src/gateway/log/lanes.js'

type LaneStep = { does: 'opens' } | { does: 'passes' } | { does: 'closes'; which: number[]; end: '└' | '┴' }

const steps: fc.Arbitrary<LaneStep[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({ does: 'opens' as const }) },
    { weight: 1, arbitrary: fc.constant({ does: 'passes' as const }) },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constant('closes' as const),
        which: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
        end: fc.constantFrom('└' as const, '┴' as const),
      }),
    },
  ),
  { maxLength: 120 },
)

/** Draws all steps, then closes every open lane. */
function drawn(
  all: readonly LaneStep[],
  most: number,
): { step: LaneStep; ids: string[]; open: number; line: string }[] {
  const lanes = new Lanes(most)
  const open: string[] = []
  let count = 0
  const draw = (step: LaneStep) => {
    if (step.does === 'passes') return { step, ids: [], open: open.length, line: lanes.passes() }
    if (step.does === 'opens') {
      const id = String(count++)
      open.push(id)
      return { step, ids: [id], open: open.length, line: lanes.opens(id) }
    }
    const ids = [...new Set(step.which.flatMap(n => open[n % (open.length || 1)] ?? []))]
    const before = open.length
    for (const id of ids) open.splice(open.indexOf(id), 1)
    return { step, ids, open: before, line: lanes.closes(ids, step.end) }
  }
  const lines = all.map(draw)
  while (open.length > 0) lines.push(draw({ does: 'closes', which: [0], end: '└' }))
  lines.push(draw({ does: 'passes' }))
  return lines
}

/** Splits `│┌ └+3` into the marks and the number behind them. */
function read(line: string): { marks: string[]; aside: number } {
  const [, lanes = '', aside = '0'] = /^([ │┌└┴]*)(?:\+(\d+))?$/.exec(line) ?? []
  return { marks: [...lanes], aside: Number(aside) }
}

test('each waiting participant has one lane or is counted, in every line', t => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 12 }), (all, most) => {
      for (const { step, ids, open, line } of drawn(all, most)) {
        const { marks, aside } = read(line)
        const taken = marks.filter(mark => mark !== ' ').length
        const gone = step.does === 'closes' ? ids.length : 0
        // a participant that ends in this line is still drawn, or is no longer counted
        t.true(taken + aside <= open && taken + aside >= open - gone, line)
        t.true(marks.length <= most && marks.at(-1) !== ' ', line)
      }
    }),
  )
})

test('a lane keeps its column until it is closed, and every lane is closed', t => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 12 }), (all, most) => {
      let before: string[] = []
      const lines = drawn(all, most)
      for (const { step, line } of lines) {
        const { marks } = read(line)
        const isOpen = (at: number) => before[at] === '│' || before[at] === '┌'
        for (let at = 0; at < Math.max(marks.length, before.length); at++) {
          const mark = marks[at] ?? ' '
          const may = isOpen(at) ? (step.does === 'closes' ? ['│', step.end] : ['│']) : [' ', '┌']
          t.true(may.includes(mark), `${before.join('')} then ${line}`)
        }
        t.is(marks.filter(mark => mark === '┌').length <= (step.does === 'opens' ? 1 : 0), true)
        before = marks
      }
      t.is(lines.at(-1)?.line, '')
    }),
  )
})

test('an arrival takes the leftmost free lane; free lanes on the right are not drawn', t => {
  const lanes = new Lanes()
  t.deepEqual(
    ['a', 'b', 'c'].map(id => lanes.opens(id)),
    ['┌', '│┌', '││┌'],
  )
  t.is(lanes.closes(['b'], '┴'), '│┴│')
  t.is(lanes.passes(), '│ │')
  t.is(lanes.opens('d'), '│┌│')
  t.is(lanes.closes(['c', 'd'], '└'), '│└└')
  t.is(lanes.passes(), '│')
})

test('with 5000 waiting, a line still has room for text in 80 columns', t => {
  const lanes = new Lanes()
  const lines = Array.from({ length: 5000 }, (_, n) => lanes.opens(String(n)))
  t.is(lines.at(-1), `${'│'.repeat(MOST_LANES)}+${5000 - MOST_LANES}`)
  t.true(Math.max(...lines.map(({ length }) => length)) <= 32)
  t.is(lanes.closes(['0', '4999'], '└'), `└${'│'.repeat(MOST_LANES - 1)}+${4999 - MOST_LANES}`)
})
