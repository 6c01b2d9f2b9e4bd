/** The fixture program, on Node and as a Bun binary that is built like sera's own. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

export const RUNTIMES = ['node', 'binary'] as const
export type SpeakerRuntime = (typeof RUNTIMES)[number]

export interface Speech {
  address: string
  severity?: string
  text?: string
  env?: NodeJS.ProcessEnv
}

export interface Spoken {
  exitCode: number | null
  /** Its whole output. */
  output: string
  /** Milliseconds from the first line until all is written, and until all is closed. */
  written: number
  closed: number
  pid: number
}

export type Speak = (runtime: SpeakerRuntime, speech: Speech) => Promise<Spoken>

const BUN_FLAGS =
  '--compile --minify --bytecode --format=esm --splitting --target=bun --external unix-dgram --no-compile-autoload-dotenv --no-compile-autoload-bunfig'

/** Builds the binary, once for each test file. Returns a function that runs the program on Node or as the binary. */
export async function buildSpeaker(name: string): Promise<Speak> {
  const binary = `build/speakers/${name}`
  await mkdir('build/speakers', { recursive: true })
  const args = ['build', 'test/log/speaker.fixture.ts', ...BUN_FLAGS.split(' '), '--outfile', binary]
  await promisify(execFile)('node_modules/.bin/bun', args)
  const programs = { node: [process.execPath, 'build/test/log/speaker.fixture.js'], binary: [binary] }
  return (runtime, speech) => speak(programs[runtime], speech)
}

async function speak(program: readonly string[], { address, severity = 'error', text: said = 'hello', env }: Speech) {
  const [file = '', ...args] = [...program, address, severity, said]
  const speaker = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const [stdout, stderr, report, [exitCode]] = await Promise.all([
    ...[1, 2, 3].map(fd => text(speaker.stdio[fd] as NodeJS.ReadableStream)),
    once(speaker, 'close') as Promise<[number | null]>,
  ] as [Promise<string>, Promise<string>, Promise<string>, Promise<[number | null]>])
  return {
    exitCode,
    output: `${stdout}${stderr}`,
    ...(JSON.parse(report || '{}') as Omit<Spoken, 'exitCode' | 'output'>),
  }
}
