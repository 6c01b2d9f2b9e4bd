/** Runs sera as a user does, on each released runtime, and waits for its end. */
import { type SpawnOptions, spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentAt, testFolder } from './environment.js'
import type { SeraRuntime } from './runtimes.js'

export interface CliResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface CliOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  input?: string
  /** More descriptors, from 3 on. */
  stdio?: SpawnOptions['stdio']
}

/** An environment with its own HOME. */
export async function cleanEnvironment(): Promise<NodeJS.ProcessEnv> {
  return environmentAt(await mkdtemp(join(testFolder, 'home-')))
}

export async function sera(
  runtime: SeraRuntime,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const child = spawn(runtime.program, args, {
    cwd: options.cwd,
    env: { ...(await cleanEnvironment()), ...options.env },
    stdio: options.stdio ?? 'pipe',
    detached: true, // without a terminal, as in cron
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...texts }))
  })
}
