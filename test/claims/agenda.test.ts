import test from 'ava'
import { Agenda } from '../../src/claims/agenda.js'

const ITEMS = 300
const CHANGES = 20_000

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

test('an agenda returns the due items in the order of a sorted list', t => {
  const pick = numbers(7)
  const agenda = new Agenda<number>()
  const list = new Map<number, number>()
  for (let n = 0; n < CHANGES; n++) {
    const [item, at] = [pick(ITEMS), pick(1000)]
    const change = pick(10)
    if (change < 6) {
      agenda.set(item, at)
      list.set(item, at)
    } else if (change < 9) {
      agenda.delete(item)
      list.delete(item)
    } else {
      const due = [...list].filter(([, time]) => time <= at / 4)
      const times = new Map(due)
      const taken = agenda.take(at / 4)
      for (const [gone] of due) list.delete(gone)
      t.deepEqual(
        taken.map(one => times.get(one)),
        due.map(([, time]) => time).sort((a, b) => a - b),
      )
      t.deepEqual([...taken].sort(), due.map(([one]) => one).sort())
    }
    if (agenda.earliest !== Math.min(...list.values())) t.fail(`after ${n} changes`)
  }
})

test('an item with time Infinity is removed from the agenda', t => {
  const agenda = new Agenda<string>()
  agenda.set('a', 1)
  agenda.set('a', Number.POSITIVE_INFINITY)
  t.is(agenda.earliest, Number.POSITIVE_INFINITY)
  t.deepEqual(agenda.take(Number.MAX_VALUE), [])
})
