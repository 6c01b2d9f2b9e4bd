/** sera's interface to the machine. `cli/process-host.ts` makes it from the process; all other code gets it as an argument. */
import type { Clock, Random } from './clock.js'

export interface Host {
  pid: number
  /** `node 20.19.0` or `bun 1.4.5`. */
  runtime: string
  /** The environment, without the variables of sera's launcher. */
  env: NodeJS.ProcessEnv
  clock: Clock
  random: Random
  /** Descriptors above 2 that sera was started with. */
  descriptors: readonly number[]
  /** Signals that were ignored when sera was started, for example by nohup. */
  ignored: readonly NodeJS.Signals[]
  /** Listens to the signals that sera handles, until the returned function is called. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void
  kill(pid: number, signal: NodeJS.Signals): void
  stdin: Keyboard
  stdout: Terminal
  stderr: Terminal
}

/** An output stream. A closed reader is not an error. */
export interface Terminal {
  isTerminal: boolean
  columns: number
  rows: number
  /** The system's message for a failed write. */
  readonly failure?: string | undefined
  /** Returns false if the text cannot be written, for example because the reader has closed the pipe. */
  write(text: string): boolean
}

/** Input from a person. */
interface Keyboard {
  isTerminal: boolean
  /** The next line; '' at the end of the input. */
  line(): Promise<string>
  /** Passes each key to the listener, including Ctrl-C, without echo, until the returned function is called. */
  keys(listener: (key: string) => void): () => void
}
