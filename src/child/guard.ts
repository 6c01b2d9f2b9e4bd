/** Starts the guard and sends it messages. `guard-script.ts` says what the guard does, and why that is safe. */
import { SeraError } from '../errors.js'
import { guardPath, hasSleep } from './guard-needs.js'
import { GUARD_SCRIPT } from './guard-script.js'
import { ignoredSignals } from './process-table.js'
import { type Process, spawn } from './spawn.js'

/**
 * Why the guard ended the child. `gone`: it found nothing to end. `unable`: it could not go on, and ended what it knew.
 * `failed`: the guard itself was killed, and ended nothing.
 */
export type GuardEnd = 'gone' | 'deadline' | 'asked' | 'unable' | 'failed'

export interface GuardOptions {
  /** The child's entry in SERA_HELD, which identifies the child if sera dies before it sends the PID. */
  marker: string
  graceMs: number
  /** How often the guard checks the clock, ms: at most this much later it notices the deadline. */
  tickMs: number
  /** A descriptor that keeps the lock at the server while it is open. */
  lifeline: number | undefined
  /** sera's own PATH; `sleep` may be only there. */
  path: string | undefined
}

const END_BY_STATUS: Record<number, GuardEnd> = { 0: 'gone', 10: 'gone', 11: 'deadline', 12: 'asked', 13: 'unable' }

/** Hundredths of a second, as in /proc/uptime; a shell has no Infinity. */
function hundredths(ms: number): string {
  return String(Number.isFinite(ms) ? Math.max(0, Math.floor(ms / 10)) : Number.MAX_SAFE_INTEGER)
}

export class Guard {
  readonly ended: Promise<GuardEnd>
  readonly #process: Process

  /** Starts a guard. @throws SeraError lock-failed, when it cannot work here: no command may run without one */
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
    this.#process.stdin?.on('error', () => {}) // `ended` reports a guard that died
    if (this.#process.pid === undefined) throw cannotWork('/bin/sh could not be started')
  }

  /** The command runs as `pid` from now on. */
  watch(pid: number): void {
    this.#send(`child ${pid}`)
  }

  /**
   * The child must be ended at `deadline`, ms on the boot clock; Infinity: never. Call it before the child starts, because
   * the guard sleeps until then.
   */
  extend(deadline: number): void {
    this.#send(`deadline ${hundredths(deadline)}`)
  }

  /** Ends the child and all it started: TERM, grace, KILL. `ended` resolves when nothing is left. */
  end(): void {
    this.#send('end')
  }

  /** Makes the guard exit: the child has ended, or another guard watches it. */
  dismiss(): void {
    this.#process.stdin?.end('leave\n')
  }

  /** Kills a guard that does not respond. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /**
   * Whether the guard has begun to end the child. It ignores VTALRM before its first signal, so this is true before the
   * guard can have ended the child.
   */
  get acting(): boolean {
    return ignoredSignals(this.#process.pid ?? 0).includes('SIGVTALRM')
  }

  #send(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }
}

function cannotWork(reason: string, cause?: unknown): SeraError {
  return new SeraError('lock-failed', `the guard cannot work here: ${reason}`, { cause })
}
