/** Small programs that do for syslog what this runtime can't: `logger` and `getent`. */

/** `spawn` of node:child_process. */
export type SpawnProgram = typeof import('node:child_process').spawn

export interface ProgramOptions {
  /** What the program reads. */
  input?: string
  /** Kills the program. */
  signal: AbortSignal
}

/** In a long-lived process nobody else would end a program that hangs. */
const LIMIT_MS = 5000

/**
 * What the program prints, once it has ended well. It has a session of its own, so that a terminal's Ctrl-C or hang-up, which
 * may be the very thing to be logged, does not end it.
 */
export function run(
  spawn: SpawnProgram,
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const program = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      signal: options.signal,
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    })
    program.on('error', reject)
    let output = ''
    program.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    // A program that reads nothing must not end sera with EPIPE.
    program.stdin.on('error', () => undefined).end(options.input ?? '')
    program.on('close', code => (code === 0 ? resolve(output) : reject(new Error(`${file} ended with ${code}`))))
  })
}
