/**
 * Compiles sera and its packages to one file with the runtime, as bytecode. What paid and what did not, with figures:
 * docs/explanation/benchmarks.md.
 */
import { readFileSync, rmSync } from 'node:fs'
import { type BuildInfo, buildInfo } from './build-info.ts'
import { lazyRequires } from './lazy-requires.ts'
import { pageFiles } from './page-files.ts'
import { listen } from './stand-in-server.ts'

export interface BinaryOptions {
  outfile: string
  info: BuildInfo
  /** Which functions a run uses, in order: the file that `recordOrder` returns. */
  order?: string
  /** For another machine: what Bun calls it, and its runtime. */
  cross?: { target: string; runtime: string }
  plugins?: Bun.BunPlugin[]
}

export async function compileBinary({ outfile, info, order, cross, plugins = [] }: BinaryOptions): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: ['src/main.ts'],
    target: 'bun',
    // with format cjs the binary builds and then dies of "import.meta is only valid inside modules"
    format: 'esm',
    bytecode: true,
    splitting: true,
    minify: true,
    // an addon that kills a Bun binary; src/log does without it there
    external: ['unix-dgram'],
    plugins: [...plugins, lazyRequires, pageFiles, buildInfo(info)],
    compile: {
      outfile,
      // a .env in the working directory would reach the command, a bunfig.toml would run code inside sera
      autoloadDotenv: false,
      autoloadBunfig: false,
      // most of what runs runs once: to compile it costs more than it gains
      jitPolicy: 100,
      ...(order ? { bytecodeOrder: order } : {}),
      ...(cross ? { target: cross.target, executablePath: cross.runtime } : {}),
    },
  })
  if (!success) throw new AggregateError(logs, `${outfile} could not be built`)
}

const TRIES = 5

/**
 * Runs `sera 5 true` against a stand-in for a server; returns the file that says which functions it used. On a busy machine a run may
 * use them in another order, so two runs in a row must agree.
 */
export async function recordOrder(program: string, folder: string): Promise<string> {
  const order = `${folder}/order`
  let former: string | undefined
  for (let i = 0; i < TRIES; i++) {
    await recordRun(program, order, `${folder}/socket`)
    const recorded = readFileSync(order, 'utf8')
    if (recorded === former) break
    former = recorded
  }
  return order
}

async function recordRun(program: string, order: string, socket: string): Promise<void> {
  const server = await listen(socket)
  const run = Bun.spawn([program, '5', 'true'], {
    env: { PATH: process.env.PATH, SERA_SERVER: server.dsn, BUN_BYTECODE_ORDER_OUT: order },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const code = await run.exited
  server.close()
  rmSync(socket, { force: true })
  if (code !== 0) throw new Error(`"sera 5 true" ended with ${code} in the new binary`)
}
