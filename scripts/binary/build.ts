/**
 * The single binary: sera and its packages as bytecode, in one file with the runtime. It is built twice. The first
 * build runs against a stand-in for a server and records which functions it used. The second build places those first,
 * which saves 2 MB of memory and a little time. A binary that fails this run is not released.
 *
 * docs/explanation/benchmarks.md has the figures of what helped and what did not.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lazyRequires } from './lazy-requires.ts'
import { pageFiles } from './page-files.ts'
import { listen } from './stand-in-server.ts'

const TARGET = 'dist/sera'

mkdirSync('dist', { recursive: true })
const folder = mkdtempSync('dist/.binary-')
try {
  await build(join(folder, 'first'))
  const order = await record(join(folder, 'first'))
  await build(join(folder, 'sera'), order)
  renameSync(join(folder, 'sera'), TARGET) // a process that runs the old file continues
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${TARGET}: ${Math.round(statSync(TARGET).size / 2 ** 20)} MB, Bun ${Bun.version}`)

/** @param order the functions that a run used, in order */
async function build(outfile: string, order?: string): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: ['src/main.ts'],
    target: 'bun',
    // with format cjs the binary builds, but fails with "import.meta is only valid inside modules"
    format: 'esm',
    bytecode: true,
    splitting: true,
    minify: true,
    // this addon crashes a Bun binary; src/log works without it there
    external: ['unix-dgram'],
    plugins: [lazyRequires, pageFiles],
    compile: {
      outfile,
      // a .env in the working directory would reach the command, a bunfig.toml would run code inside sera
      autoloadDotenv: false,
      autoloadBunfig: false,
      // most code runs once: compiling it costs more than it gains
      jitPolicy: 100,
      ...(order ? { bytecodeOrder: order } : {}),
    },
  })
  if (!success) throw new AggregateError(logs, 'the binary could not be built')
}

/** Runs `sera 5 true`. @returns the file that lists the functions it used */
async function record(program: string): Promise<string> {
  const order = join(folder, 'order')
  const server = await listen(join(folder, 'socket'))
  const run = Bun.spawn([program, '5', 'true'], {
    env: { PATH: process.env.PATH, SERA_SERVER: server.dsn, BUN_BYTECODE_ORDER_OUT: order },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const code = await run.exited
  server.close()
  if (code !== 0) throw new Error(`"sera 5 true" ended with ${code} in the new binary`)
  return order
}
