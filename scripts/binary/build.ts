/**
 * The single binary of this machine, dist/sera. It is built twice. The first build runs against a stand-in for a server and
 * records which functions it used. The second build places those first, which saves 2 MB of memory and a little time. A
 * binary that fails this run replaces nothing.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { compileBinary, recordOrder } from './compile-binary.ts'

const OUTFILE = 'dist/sera'
const info = { commit: null, target: `linux-${process.arch}` }

mkdirSync('dist', { recursive: true })
const folder = mkdtempSync('dist/.binary-')
try {
  const [first, second] = [join(folder, 'first'), join(folder, 'sera')]
  await compileBinary({ outfile: first, info })
  await compileBinary({ outfile: second, info, order: await recordOrder(first, folder) })
  renameSync(second, OUTFILE) // a process that runs the old file continues
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${OUTFILE}: ${Math.round(statSync(OUTFILE).size / 2 ** 20)} MB, Bun ${Bun.version}`)
