/** Starting the guard and talking to it. What it does, and why that is safe, is told in `guard-script.ts`. */
import { SeraError } from '../errors.js'
import { GUARD_SCRIPT } from './guard-script.js'
import { ignoredSignals } from './process-table.js'
import { type Process, spawn } from './spawn.js'

/** Why the guard ended the child. `gone`: there was nothing left to end. `failed`: the guard itself was killed. */
export type GuardEnd = 'gone' | 'deadline' | 'asked' | 'failed'

export interface GuardOptions {
  /** The child's entry in SERA_HELD, by which it is found when sera dies before it can say the PID. */
  marker: string
  graceMs: number
  /** How often the guard looks at the clock, ms: how late it may notice the deadline. */
  tickMs: number
  /** A descriptor that keeps the lock at the server while it is open. */
  lifeline: number | undefined
}

/** Not the command's: that may be anything. */
export const GUARD_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'

const END_BY_STATUS: Record<number, GuardEnd> = { 0: 'gone', 10: 'gone', 11: 'deadline', 12: 'asked' }

/** Hundredths of a second, as /proc/uptime has them; a shell has no Infinity. */
function hundredths(ms: number): string {
  return String(Number.isFinite(ms) ? Math.max(0, Math.floor(ms / 10)) : Number.MAX_SAFE_INTEGER)
}

export class Guard {
  readonly ended: Promise<GuardEnd>
  readonly #process: Process

  /** Starts a guard. Throws SeraError('lock-failed') when that can't be done: no command may run without one. */
  constructor(options: GuardOptions) {
    const { marker, graceMs, tickMs, lifeline } = options
    const numbers = [hundredths(graceMs), String(tickMs / 1000)]
    try {
      this.#process = spawn('/bin/sh', ['-c', 'eval "$script"', 'sera-guard', marker, ...numbers], {
        stdio: ['pipe', 'ignore', 'ignore', lifeline ?? 'ignore'],
        detached: true,
        cwd: '/',
        env: { script: GUARD_SCRIPT, PATH: GUARD_PATH },
      })
    } catch (cause) {
      throw cannotStart(cause)
    }
    this.ended = new Promise(resolve => {
      this.#process.once('error', () => resolve('failed'))
      this.#process.once('exit', status => resolve((status === null ? undefined : END_BY_STATUS[status]) ?? 'failed'))
    })
    this.#process.stdin?.on('error', () => {}) // a guard that died is seen through `ended`
    if (this.#process.pid === undefined) throw cannotStart(undefined)
  }

  /** The command runs as `pid` from now on. */
  watch(pid: number): void {
    this.#say(`child ${pid}`)
  }

  /**
   * The child must be ended at `deadline`, ms on the boot clock; Infinity: never. To be said before the child is started,
   * as the guard sleeps until then.
   */
  extend(deadline: number): void {
    this.#say(`deadline ${hundredths(deadline)}`)
  }

  /** Ends the child: TERM, grace, KILL, all that it started. `ended` resolves when nothing is left. */
  end(): void {
    this.#say('end')
  }

  /** The child has ended, or another guard watches it: this one goes. */
  dismiss(): void {
    this.#process.stdin?.end('leave\n')
  }

  /**
   * Whether it has begun to end the child. It ignores ALRM before it sends its first signal, so whoever sees the child
   * end by the guard's hand sees this too.
   */
  get acting(): boolean {
    return ignoredSignals(this.#process.pid ?? 0).includes('SIGALRM')
  }

  #say(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }
}

function cannotStart(cause: unknown): SeraError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new SeraError('lock-failed', `the guard (/bin/sh) could not be started${reason}; nothing was run`, { cause })
}
