/** A process that faults kill, freeze and restart. It ends with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { DIES_WITH_THE_TEST } from '../../../support/processes.js'

export class RestartableProcess {
  #process: ChildProcess

  constructor(
    readonly words: readonly string[],
    readonly env: Readonly<Record<string, string>> = {},
  ) {
    this.#process = this.#start()
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#process.kill(signal)
  }

  /** Kills it with SIGKILL and restarts it. */
  async replace(): Promise<void> {
    this.signal('SIGKILL')
    await this.gone(10_000)
    this.#process = this.#start()
  }

  /** Waits for its end, and kills it after `withinMs`. */
  async gone(withinMs: number): Promise<void> {
    if (!this.#running) return
    const timer = setTimeout(() => this.signal('SIGKILL'), withinMs)
    this.signal('SIGCONT')
    await once(this.#process, 'exit')
    clearTimeout(timer)
  }

  get #running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  #start(): ChildProcess {
    return spawn('setpriv', [...DIES_WITH_THE_TEST, ...this.words], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env.PATH, ...this.env },
    })
  }
}
