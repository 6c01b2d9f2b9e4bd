/**
 * Draws the rooms of src and their imports into CONTRIBUTING.md (npm run layers), with data of dependency-cruiser. It
 * omits arrows that follow from others, and the rooms at the bottom, which all others import.
 *
 *     node scripts/layers.mjs --check    # fails when the picture is out of date
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = 'CONTRIBUTING.md'
const ROOM = '^src/(cli/(args|output)|[^/]+)/'
const BOTTOM = '^src/(config|lockname|masking|selector|gateway/page)/'
const options = ['--output-type', 'json', '--collapse', ROOM, '--include-only', '^src/[^/]+/', '--exclude', BOTTOM]

const found = execFileSync('node_modules/.bin/depcruise', ['src', ...options], { encoding: 'utf8' })
const rooms = new Map(
  JSON.parse(found).modules.map(({ source, dependencies }) => [
    nameOf(source),
    new Set(dependencies.map(({ resolved }) => nameOf(resolved)).filter(name => name !== nameOf(source))),
  ]),
)
const picture = `<!-- layers -->\n\`\`\`mermaid\n${drawn()}\n\`\`\`\n<!-- /layers -->`
const before = readFileSync(FILE, 'utf8')
const after = before.replace(/<!-- layers -->[\s\S]*<!-- \/layers -->/, () => picture)
if (!process.argv.includes('--check')) writeFileSync(FILE, after)
else if (after !== before) {
  console.error(`the picture of the layers in ${FILE} is out of date: npm run layers`)
  process.exitCode = 1
}

function nameOf(path) {
  return path.replace(/^src\//, '').replace(/\/$/, '')
}

function drawn() {
  const lines = [...rooms].flatMap(([from, all]) =>
    [...all].filter(to => ![...all].some(other => other !== to && reaches(other, to))).map(to => `  ${from} --> ${to}`),
  )
  return ['flowchart TD', ...lines.sort()].join('\n')
}

function reaches(from, to) {
  const next = rooms.get(from) ?? new Set()
  return next.has(to) || [...next].some(one => reaches(one, to))
}
