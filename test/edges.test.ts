/** Time and chance come in from outside, so that a simulation can own them: only the files of the edge reach for the real ones. */
import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'

const REAL =
  /\b(set(Timeout|Interval|Immediate)\(|Math\.random|Date\.now|new Date\(\)|performance\.|random(Bytes|UUID|Int)\b|AbortSignal\.timeout|timers\/promises|system(Clock|Random)\b)/

/**
 * Where they are made, and handed down from; and what only ever meets real processes, sockets and people: the child with its guard,
 * the embedded server, the log, and the page in a browser.
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
