/** A real terminal, made by script(1) of util-linux; its stdin is the keyboard. */
import { type ChildProcess, spawn } from 'node:child_process'
import { until } from './until.js'

export class TestTerminal {
  /** All output on the screen, including escape sequences. */
  output = ''
  readonly closed: Promise<number | null>
  readonly #script: ChildProcess

  /** Runs `command`, a line of sh; sh execs a last simple command, which then leads the terminal's session. */
  constructor(command: string, env: NodeJS.ProcessEnv) {
    this.#script = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { TERM: 'xterm', SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#script.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    this.#script.stdin?.on('error', () => {})
    this.closed = new Promise(resolve => this.#script.once('exit', resolve))
  }

  type(keys: string): void {
    this.#script.stdin?.write(keys)
  }

  /** Waits until the pattern appears. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await until(`${pattern} on the terminal`, () => pattern.exec(this.output) ?? undefined)
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows ${JSON.stringify(this.output)}`)
    }
  }

  /** Closes the window: the terminal hangs up. */
  hangUp(): void {
    this.#script.kill('SIGKILL')
  }
}
