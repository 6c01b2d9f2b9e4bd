/** Writes the man pages into the folder that the first argument names. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manPages } from './pages.js'

const [, , folder = 'build/man'] = process.argv
const config = readFileSync('etc/sera.json.example', 'utf8')
const pages = manPages({ config, epoch: Number(process.env.SOURCE_DATE_EPOCH ?? 0) })
mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(pages)) writeFileSync(join(folder, name), text)
console.log(`${folder}: ${Object.keys(pages).length} man pages`)
