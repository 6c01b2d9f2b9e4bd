/**
 * Writes the generated parts of docs/reference (npm run reference): usage, flags, settings, exit codes, the HTTP API and the
 * JSON of `sera status`. A page marks each part as `<!-- generated: NAME -->` … `<!-- /generated -->`.
 *
 *     bun scripts/reference.mjs --check    # fails if a page is out of date, or a subcommand has no page
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SUBCOMMANDS } from '../src/cli/args/command-table.ts'
import { commandFlags, commandList, exitCodes, flagGroups, settings, usage } from './reference/command-line.mjs'
import { operations, schemas, statusObject } from './reference/http.mjs'

const FOLDER = 'docs/reference'
const PARTS = {
  usage,
  subcommands: commandList,
  flags: commandFlags,
  'all flags': flagGroups,
  settings,
  'exit codes': exitCodes,
  operations,
  schemas,
  'status object': statusObject,
}

process.chdir(join(import.meta.dirname, '..'))
const faults = SUBCOMMANDS.map(({ name }) => `${FOLDER}/commands/${name}.md`)
  .filter(page => !existsSync(page))
  .map(page => `${page} is missing`)

for (const file of readdirSync(FOLDER, { recursive: true }).filter(name => name.endsWith('.md'))) {
  const page = join(FOLDER, file)
  const before = readFileSync(page, 'utf8')
  const after = await generated(before)
  if (after === before) continue
  if (process.argv.includes('--check')) faults.push(`${page} is out of date: npm run reference`)
  else writeFileSync(page, after)
}
for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1

/** A part is named with its subject, if it has one: `usage rwlock`. */
async function generated(page) {
  const blocks = page.split(/(<!-- generated: .* -->\n[\s\S]*?<!-- \/generated -->)/)
  const parts = blocks.map(async block => {
    const [, title] = /^<!-- generated: (.*) -->/.exec(block) ?? []
    if (title === undefined) return block
    const [part, subject] = title in PARTS ? [title] : title.split(' ')
    if (!(part in PARTS)) throw new Error(`no part is called ${title}`)
    return `<!-- generated: ${title} -->\n\n${(await PARTS[part](subject)).trim()}\n\n<!-- /generated -->`
  })
  return (await Promise.all(parts)).join('')
}
