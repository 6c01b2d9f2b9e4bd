/**
 * Limits how many tests of a file run at once. ava starts all together. Dozens of processes that start together on two
 * cores each take seconds, longer than the times under test.
 */
import { availableParallelism } from 'node:os'
import ava, { type ExecutionContext } from 'ava'

type TestBody = (t: ExecutionContext) => void | Promise<void>

/**
 * More than one a core, because tests also wait; few, because each starts several processes, and other files run at the
 * same time.
 */
const AT_ONCE = 3 * availableParallelism()

/** A test that hangs fails after this time; ava's own limit, which ends the whole file, is longer. */
const HANGS_AFTER_MS = 150_000

let free = AT_ONCE
const waiting: (() => void)[] = []

/** ava's `test`, for tests that start processes: the body begins when fewer than AT_ONCE others of its file run. */
export const test = Object.assign((title: string, body: TestBody) => ava(title, inTurn(body)), {
  serial: ava.serial,
  after: ava.after,
})

function inTurn(body: TestBody): TestBody {
  return async t => {
    await turn()
    t.teardown(done) // declared first, so it runs last
    t.timeout(HANGS_AFTER_MS)
    await body(t)
  }
}

async function turn(): Promise<void> {
  if (free > 0) free--
  else await new Promise<void>(resolve => waiting.push(resolve))
}

function done(): void {
  const next = waiting.shift()
  if (next) next()
  else free++
}
