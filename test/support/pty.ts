/** A real terminal to run things in: script(1) of util-linux makes it; what a person would type goes to its stdin. */
import { type ChildProcess, spawn } from 'node:child_process'
import { until } from './until.js'

export class TestTerminal {
  /** Everything that has appeared on the screen, escape sequences included. */
  output = ''
  readonly closed: Promise<number | null>
  readonly #script: ChildProcess

  /** Runs `command`, a line of sh; a last simple command is exec'ed and leads the terminal's session itself. */
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

  /** Waits until something has appeared. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await until(`${pattern} on the terminal`, () => pattern.exec(this.output) ?? undefined)
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows ${JSON.stringify(this.output)}`)
    }
  }

  /** The window is closed: the terminal hangs up. */
  hangUp(): void {
    this.#script.kill('SIGKILL')
  }
}
