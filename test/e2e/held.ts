/** Commands that run until the test ends them. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, SeraOptions, SeraProcess } from '../support/sera.js'
import { until } from '../support/until.js'

const WAITS = 'env >"$1.env"; mv "$1.env" "$1"; while [ -e "$1" ]; do sleep 0.05; done; exit "$2"'

export class HeldLocks {
  constructor(
    readonly sera: SeraProcess,
    readonly file: string,
  ) {}

  get running(): boolean {
    return existsSync(this.file)
  }

  /** Resolves when the command runs. If sera ends before, throws with its stderr. */
  async started(): Promise<this> {
    await until(`the command of ${this.file} runs`, () => this.running || !this.sera.running)
    if (!this.running) throw new Error(`sera ended without its command: ${JSON.stringify(await this.sera.ended())}`)
    return this
  }

  /** A variable of the command's environment. */
  variable(name: string): string | undefined {
    const line = readFileSync(this.file, 'utf8')
      .split('\n')
      .find(text => text.startsWith(`${name}=`))
    return line?.slice(name.length + 1)
  }

  /** Lets the command end, and waits until sera has ended. */
  async end(): Promise<number> {
    rmSync(this.file)
    return await this.sera.exited
  }
}

let count = 0

/** Starts `sera <words> <such a command>`; `words` end with `<wait>`. */
export function hold(
  bench: Bench,
  words: readonly string[],
  { code = 0, ...options }: SeraOptions & { code?: number } = {},
): HeldLocks {
  const file = join(bench.folder, `held-${++count}`)
  return new HeldLocks(bench.sub([...words, 'sh', '-c', WAITS, 'sh', file, String(code)], options), file)
}
