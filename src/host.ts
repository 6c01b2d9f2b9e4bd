/** What sera has of the machine it runs on. `cli.ts` makes it from the process; everything else gets it as an argument. */
import type { Clock, Random } from './clock.js'

export interface Host {
  pid: number
  /** The environment, without what sera's launcher put there. */
  env: NodeJS.ProcessEnv
  clock: Clock
  random: Random
  /** Descriptors above 2 that sera was started with. */
  descriptors: readonly number[]
  /** Signals that were ignored when sera was started, as by nohup. */
  ignored: readonly NodeJS.Signals[]
  /** Listens to every signal sera cares for, until the returned function is called. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void
  kill(pid: number, signal: NodeJS.Signals): void
  stdin: Keyboard
  stdout: Terminal
  stderr: Terminal
}

/** A stream to write to; a reader that has gone is no error. */
export interface Terminal {
  isTerminal: boolean
  columns: number
  rows: number
  /** Why something could not be written, in the system's words. */
  readonly failure?: string | undefined
  /** False: it can't be written, as nobody reads any more, for one. */
  write(text: string): boolean
}

/** What a person types. */
interface Keyboard {
  isTerminal: boolean
  /** The next line; '' when there is none. */
  line(): Promise<string>
  /** Tells each key, Ctrl-C too, instead of echoing it, until the returned function is called. */
  keys(listener: (key: string) => void): () => void
}
