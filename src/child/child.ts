/** The running command: started with everything it would have without sera, signalled, and waited for. */
import type { StdioOptions } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { constants } from 'node:os'
import { SeraError } from '../errors.js'
import { withRawValues } from './raw-environment.js'
import { type Process, spawn } from './spawn.js'

export interface ChildOptions {
  command: readonly string[]
  env: NodeJS.ProcessEnv
  /** Descriptors above 2 that the command inherits, each at its own number. */
  descriptors: readonly number[]
  /** Keeps the lock at the server while any process has it open, like the descriptor of flock(1). */
  lifeline: number | undefined
  /** Without a terminal the child leads its own session and group, so that sera can signal the group as a whole. */
  ownGroup: boolean
  /** Signals that were ignored when sera started (nohup); the runtime would reset them in the child. */
  ignored: readonly NodeJS.Signals[]
}

/** Scripts use low descriptors (`exec 3>log`), so the lifeline goes to a high one. */
const LIFELINE_AT_LEAST = 100

export class Child {
  readonly pid: number
  /** The exit code that a shell would report: the command's own, or 128 + n when signal n ended it. */
  readonly exited: Promise<number>
  readonly #process: Process
  readonly #ownGroup: boolean
  #running = true

  /** Starts the command. Rejects with SeraError('not-started'), and then nothing has run. */
  static async start(options: ChildOptions): Promise<Child> {
    const [name = '', ...args] = options.command
    const [command, argv] = ignoring(options.ignored, name, args)
    const launch = withRawValues({ file: command, args: argv, env: options.env })
    let child: Process
    try {
      child = spawn(launch.file, launch.args, { stdio: stdioOf(options), env: launch.env, detached: options.ownGroup })
    } catch (cause) {
      throw cannotStart(name, cause)
    }
    if (child.pid === undefined) {
      throw cannotStart(name, await new Promise(resolve => child.once('error', resolve)))
    }
    return new Child(child, child.pid, options.ownGroup)
  }

  private constructor(child: Process, pid: number, ownGroup: boolean) {
    this.#process = child
    this.#ownGroup = ownGroup
    this.pid = pid
    this.exited = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        this.#running = false
        resolve(signal ? 128 + constants.signals[signal] : (code ?? 0))
      })
    })
    child.on('error', () => {}) // sending a signal failed
  }

  /** Whether the command has not ended yet. */
  get running(): boolean {
    return this.#running
  }

  /** Signals the command, or the whole group it leads. `killGroup` is process.kill. */
  signal(signal: NodeJS.Signals, whole: boolean, killGroup: (pid: number, signal: NodeJS.Signals) => void): void {
    if (!this.#running) return
    if (whole && this.#ownGroup) {
      try {
        killGroup(-this.pid, signal)
      } catch {} // it ended just now
    } else {
      this.#process.kill(signal)
    }
  }
}

function stdioOf({ descriptors, lifeline }: ChildOptions): StdioOptions {
  const stdio: ('inherit' | 'ignore' | number)[] = ['inherit', 'inherit', 'inherit']
  const place = (slot: number, fd: number) => {
    while (stdio.length < slot) stdio.push('ignore')
    stdio[slot] = fd
  }
  for (const fd of descriptors) place(fd, fd)
  if (lifeline !== undefined) place(Math.max(LIFELINE_AT_LEAST, stdio.length), lifeline)
  return stdio
}

/** Starts the command through a program that ignores the signals, then execs it: `env`, or the shell where `env` is busybox. */
function ignoring(signals: readonly NodeJS.Signals[], name: string, args: string[]): [string, string[]] {
  if (signals.length === 0) return [name, args]
  const names = signals.map(signal => signal.slice(3))
  return hasCoreutils()
    ? ['env', [`--ignore-signal=${names.join(',')}`, '--', name, ...args]]
    : ['/bin/sh', ['-c', `trap '' ${names.join(' ')}; exec "$@"`, 'sh', name, ...args]]
}

function hasCoreutils(): boolean {
  try {
    return !realpathSync('/usr/bin/env').endsWith('busybox')
  } catch {
    return false
  }
}

function cannotStart(name: string, cause: unknown): SeraError {
  const code = (cause as NodeJS.ErrnoException)?.code
  const reason = START_PROBLEMS[code ?? ''] ?? (cause instanceof Error ? cause.message : String(cause))
  return new SeraError('not-started', `cannot start ${name}: ${reason}`, { cause })
}

const START_PROBLEMS: Record<string, string> = {
  ENOENT: 'no such file (or the interpreter in its first line is missing)',
  EACCES: 'permission denied',
  ENOEXEC: 'exec format error',
  E2BIG: 'its arguments and environment are too long for the kernel',
  EAGAIN: 'too many processes',
  ENOMEM: 'out of memory',
}
