/**
 * Runs the tests on Node and prints how many lines and functions of each room of src they cover (npm run coverage).
 * Arguments go to ava. It includes the processes that tests start: Node writes its coverage to NODE_V8_COVERAGE when a
 * process exits by itself.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, relative } from 'node:path'

const REPORT = 'build/coverage/coverage-summary.json'

const run = (...words) => spawnSync(words[0], words.slice(1), { stdio: 'inherit' }).status

run('npm', 'run', '--silent', 'build:test')
// tests start programs in dist: without source maps their lines are not those of src
run('node_modules/.bin/tsc', '-p', 'tsconfig.json', '--sourceMap')
process.env.SERA_TEST_RUNTIME = 'node'
process.exitCode = run('npm', 'run', '--silent', 'test:covered', '--', ...process.argv.slice(2))
rmSync('build/.dist', { force: true })
run('sh', 'scripts/compile')
print(rooms())

/** Sums of the files of each folder. */
function rooms() {
  const { total, ...files } = JSON.parse(readFileSync(REPORT, 'utf8'))
  const sums = new Map()
  const add = (room, { lines, functions }) => {
    const sum = sums.get(room) ?? { lines: { total: 0, covered: 0 }, functions: { total: 0, covered: 0 } }
    for (const [of, more] of [
      [sum.lines, lines],
      [sum.functions, functions],
    ]) {
      of.total += more.total
      of.covered += more.covered
    }
    sums.set(room, sum)
  }
  for (const [file, counts] of Object.entries(files)) add(dirname(relative('.', file)), counts)
  return [...[...sums].sort(), ['all', total]]
}

function print(rows) {
  const percent = ({ covered, total }) => `${((100 * covered) / Math.max(1, total)).toFixed(1)} %`.padStart(10)
  console.log(`${'room'.padEnd(28)}${'lines'.padStart(10)}${'functions'.padStart(12)}${'lines run'.padStart(14)}`)
  for (const [room, { lines, functions }] of rows) {
    const run = `${lines.covered}/${lines.total}`.padStart(14)
    console.log(`${room.padEnd(28)}${percent(lines)}  ${percent(functions)}${run}`)
  }
}
