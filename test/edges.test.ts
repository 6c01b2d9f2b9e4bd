/** Clocks, timers and random numbers are arguments, so that a simulation controls them. Only the files of the edge use the real ones. */
import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'

const REAL =
  /\b(set(Timeout|Interval|Immediate)\(|Math\.random|Date\.now|new Date\(\)|performance\.|random(Bytes|UUID|Int)\b|AbortSignal\.timeout|timers\/promises|system(Clock|Random)\b)/

/**
 * The files that make them and pass them on, and the rooms that only work with real processes, sockets and people: the child with its
 * guard, the embedded server, the log, and the page in a browser.
 */
const EDGE = [
  /^src\/clock\.ts$/,
  /^src\/cli\/process-host\.ts$/,
  /^src\/lib\/(connect|testing)\.ts$/,
  /^src\/(child|embedded|log|gateway\/page)\//,
]

test('only the edge of src reads the real clock, sets timers or draws random numbers', t => {
  const inside = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => `src/${file}`)
    .filter(file => !EDGE.some(edge => edge.test(file)))
  t.true(inside.length > 100)
  t.deepEqual(
    inside.filter(file => REAL.test(readFileSync(file, 'utf8'))),
    [],
  )
})
