/** Starts the guard and talks to it. `guard-script.ts` says what the guard does, and why that is safe. */
import { SeraError } from '../errors.js'
import { guardPath, hasSleep } from './guard-needs.js'
import { GUARD_SCRIPT } from './guard-script.js'
import { ignoredSignals } from './process-table.js'
import { type Process, spawn } from './spawn.js'

/**
 * Why the guard ended the child. `gone`: the guard saw nothing to end. `unable`: the guard could not work on, and ended
 * what it saw. `failed`: the guard itself was killed, and ended nothing.
 */
export type GuardEnd = 'gone' | 'deadline' | 'asked' | 'unable' | 'failed'

export interface GuardOptions {
  /** The child's entry in SERA_HELD, by which it is found when sera dies before it can say the PID. */
  marker: string
  graceMs: number
  /** How often the guard looks at the clock, ms: how late it may notice the deadline. */
  tickMs: number
  /** A descriptor that keeps the lock at the server while it is open. */
  lifeline: number | undefined
  /** sera's own PATH; `sleep` may be only there. */
  path: string | undefined
}

const END_BY_STATUS: Record<number, GuardEnd> = { 0: 'gone', 10: 'gone', 11: 'deadline', 12: 'asked', 13: 'unable' }

/** Hundredths of a second, as /proc/uptime has them; a shell has no Infinity. */
function hundredths(ms: number): string {
  return String(Number.isFinite(ms) ? Math.max(0, Math.floor(ms / 10)) : Number.MAX_SAFE_INTEGER)
}

export class Guard {
  readonly ended: Promise<GuardEnd>
  readonly #process: Process

  /** Starts a guard. Throws SeraError('lock-failed') when it cannot work here: no command may run without one. */
  constructor(options: GuardOptions) {
    const { marker, graceMs, tickMs, lifeline } = options
    const PATH = guardPath(options.path)
    if (!hasSleep(PATH)) throw cannotWork(`there is no program "sleep" in ${PATH}`)
    const numbers = [hundredths(graceMs), String(tickMs / 1000)]
    try {
      this.#process = spawn('/bin/sh', ['-c', 'eval "$script"', 'sera-guard', marker, ...numbers], {
        stdio: ['pipe', 'ignore', 'ignore', lifeline ?? 'ignore'],
        detached: true,
        cwd: '/',
        env: { script: GUARD_SCRIPT, PATH },
      })
    } catch (cause) {
      throw cannotWork(`/bin/sh could not be started: ${(cause as Error).message}`, cause)
    }
    this.ended = new Promise(resolve => {
      this.#process.once('error', () => resolve('failed'))
      this.#process.once('exit', status => resolve((status === null ? undefined : END_BY_STATUS[status]) ?? 'failed'))
    })
    this.#process.stdin?.on('error', () => {}) // a guard that died is seen through `ended`
    if (this.#process.pid === undefined) throw cannotWork('/bin/sh could not be started')
  }

  /** The command runs as `pid` from now on. */
  watch(pid: number): void {
    this.#say(`child ${pid}`)
  }

  /**
   * The child must be ended at `deadline`, ms on the boot clock; Infinity: never. Call it before the child starts, because
   * the guard sleeps until then.
   */
  extend(deadline: number): void {
    this.#say(`deadline ${hundredths(deadline)}`)
  }

  /** Ends the child: TERM, grace, KILL, all that it started. `ended` resolves when nothing is left. */
  end(): void {
    this.#say('end')
  }

  /** The child has ended, or another guard watches it: this one exits. */
  dismiss(): void {
    this.#process.stdin?.end('leave\n')
  }

  /** Kills a guard that does not do its work. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /**
   * Whether the guard has begun to end the child. It ignores VTALRM before it sends its first signal, so this is true
   * before the child can end by the guard's hand.
   */
  get acting(): boolean {
    return ignoredSignals(this.#process.pid ?? 0).includes('SIGVTALRM')
  }

  #say(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }
}

function cannotWork(reason: string, cause?: unknown): SeraError {
  return new SeraError('lock-failed', `the guard cannot work here: ${reason}`, { cause })
}
