/** Runs the programs `logger` and `getent`, which do what the runtime cannot. */

/** `spawn` of node:child_process. */
export type SpawnProgram = typeof import('node:child_process').spawn

export interface ProgramOptions {
  /** The text for the program's stdin. */
  input?: string
  /** Kills the program. */
  signal: AbortSignal
}

/** Ends a program that hangs; the process of sera may live long. */
const LIMIT_MS = 5000

/**
 * Returns the output of the program after its success. The program has a session of its own, so Ctrl-C or a hang-up of the
 * terminal does not end it: that signal may be what the line reports.
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
