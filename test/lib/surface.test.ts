/** The public surface of the library: `npm run surface` accepts a change. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'

/** The lines that scripts/surface.mjs prints. */
function problems(...args: string[]): Promise<string[]> {
  return new Promise(resolve =>
    execFile(process.execPath, ['scripts/surface.mjs', ...args], (_, stdout, stderr) =>
      resolve((stdout + stderr).split('\n').filter(Boolean)),
    ),
  )
}

function problemsOf(index: string, other = 'export {}\n'): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sera-surface-'))
  mkdirSync(join(folder, 'lib'))
  writeFileSync(join(folder, 'lib/index.d.ts'), index)
  writeFileSync(join(folder, 'lib/testing.d.ts'), 'export {}\n')
  writeFileSync(join(folder, 'lib/other.d.ts'), other)
  return problems('--problems', folder)
}

test('the surface and docs/reference/library.md are as recorded, and every public symbol has a doc comment', async t => {
  t.deepEqual(await problems('--check'), [])
})

test('a symbol or member without a doc comment is a problem', async t => {
  const index = '/** A. */\nexport interface A {\n  x: number\n  /** Y. */\n  y: number\n}\nexport declare const b: A\n'
  t.deepEqual(await problemsOf(index), [
    'A.x (lib/index.d.ts) has no doc comment',
    'b (lib/index.d.ts) has no doc comment',
  ])
})

test('a public type that uses a type that is not exported is a problem', async t => {
  const index = "import type { Inner } from './other.js'\n/** A. */\nexport type A = Inner[]\n"
  t.deepEqual(await problemsOf(index, 'export interface Inner {}\n'), [
    'A (lib/index.d.ts) uses Inner, which is not exported',
  ])
})
