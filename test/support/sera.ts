/** The command line as users run it: on Node, and as the single binary where it has been built. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { lockName } from '../../src/lockname/lockname.js'
import { environmentAt, testFolder } from './environment.js'
import { DIES_WITH_THE_TEST, guardsOf, kill, processesMarked } from './processes.js'
import type { SeraRuntime } from './runtimes.js'

export interface Bench {
  /** The name of this test's lock: its title. */
  name: string
  /** The lock's name at the server. */
  lock: string
  /** This test's own folder, removed at its end. */
  folder: string
  /** The program, for a sera inside a sera. */
  program: string
  /** Starts sera; processes that it leaves are killed when the test ends. */
  sera(args: readonly string[], options?: SeraOptions): SeraProcess
  /** The same without `--name`, for subcommands, which have their own name argument. */
  sub(args: readonly string[], options?: SeraOptions): SeraProcess
  /** A script for a command that runs until `tell` is called. */
  untilTold: string
  tell(): void
}

export interface SeraOptions {
  /** A command to start sera with, such as `ip netns exec blue`. */
  prefix?: readonly string[]
  env?: Record<string, string>
  /** Where stdout and stderr go; a pipe that the test reads when absent. */
  output?: number
}

/** Everything a test needs to run sera on one server. */
export function bench(t: Pick<ExecutionContext, 'title' | 'teardown'>, runtime: SeraRuntime, dsn: string): Bench {
  const folder = mkdtempSync(join(testFolder, 'bench-'))
  const started: SeraProcess[] = []
  t.teardown(async () => {
    kill(
      started.filter(({ running }) => running).map(({ pid }) => pid),
      'SIGKILL',
    )
    await Promise.all(started.map(({ exited }) => exited))
    kill(
      started.flatMap(({ pid }) => guardsOf(pid)),
      'SIGKILL',
    )
    kill(
      started.flatMap(sera => sera.family()),
      'SIGKILL',
    )
    rmSync(folder, { recursive: true, force: true })
  })
  const start = (args: readonly string[], { prefix = [], env = {}, output }: SeraOptions = {}) => {
    const mark = randomUUID()
    const child = spawn('setpriv', [...DIES_WITH_THE_TEST, ...prefix, runtime.program, ...args], {
      cwd: folder,
      env: { ...environmentAt(folder), SERA_TEST_MARK: mark, SERA_SERVER: dsn, ...env },
      stdio: ['ignore', output ?? 'pipe', output ?? 'pipe'],
      detached: true,
    })
    const sera = new SeraProcess(child, mark)
    started.push(sera)
    return sera
  }
  return {
    name: t.title,
    lock: lockName([], { name: t.title }),
    folder,
    program: runtime.program,
    sera: (args, options) => start(['--name', t.title, ...args], options),
    sub: start,
    untilTold: `while ! [ -e '${folder}/told' ]; do sleep 0.1; done`,
    tell: () => writeFileSync(join(folder, 'told'), ''),
  }
}

/** A sera process, running or ended. */
export class SeraProcess {
  /** Resolves when sera has ended, even if another process still holds its output: its exit code, 128+n for signal n. */
  readonly exited: Promise<number>
  stdout = ''
  stderr = ''
  readonly #closed: Promise<unknown>
  #exitCode: number | undefined

  constructor(
    readonly child: ChildProcess,
    /** In the environment of every descendant of this sera. */
    readonly mark: string,
  ) {
    child.stdout?.on('data', chunk => {
      this.stdout += chunk
    })
    child.stderr?.on('data', chunk => {
      this.stderr += chunk
    })
    this.#closed = once(child, 'close')
    this.exited = once(child, 'exit').then(([code, signal]) => {
      const exitCode: number = code ?? 128 + constants.signals[signal as NodeJS.Signals]
      this.#exitCode = exitCode
      return exitCode
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  get running(): boolean {
    return this.#exitCode === undefined
  }

  get exitCode(): number | undefined {
    return this.#exitCode
  }

  /** Exit code and all output, after every process that could write has ended. */
  async ended(): Promise<{ code: number; stdout: string; stderr: string }> {
    const [code] = await Promise.all([this.exited, this.#closed])
    return { code, stdout: this.stdout, stderr: this.stderr }
  }

  /** All of stderr, after every process that could write has ended. */
  async said(): Promise<string> {
    await this.#closed
    return this.stderr
  }

  kill(signal: NodeJS.Signals): void {
    kill([this.pid], signal)
  }

  /** Every live descendant of this sera, except its guard. */
  family(): number[] {
    return processesMarked(this.mark).filter(pid => pid !== this.pid)
  }
}
