/**
 * Starts a process. The single binary uses Bun's own call: node:child_process is a layer on top of it, which loads streams and
 * costs 3 ms of every run for guard and command. An adapter gives it the part of ChildProcess that this folder uses.
 */
import type { SpawnOptions } from 'node:child_process'

export interface Process {
  /** Undefined when the start failed; the event `error` has the reason. */
  readonly pid?: number | undefined
  readonly stdin: Stdin | null
  once(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown
  once(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  kill(signal: NodeJS.Signals): boolean
}

interface Stdin {
  write(text: string): unknown
  end(text: string): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

export type Spawn = (file: string, args: readonly string[], options: SpawnOptions) => Process

/** When the start fails it throws, or returns a process that has no PID and emits `error`. */
export const spawn: Spawn = 'Bun' in globalThis ? spawnByBun : (await import('node:child_process')).spawn

/** The part of https://bun.sh/reference/bun/spawn in use; its types would clash with Node's. */
interface Bun {
  spawn(command: string[], options: object): BunProcess
}

interface BunProcess {
  pid: number
  stdin?: { write(text: string): unknown; flush(): unknown; end(): unknown }
  signalCode: NodeJS.Signals | null
  kill(signal: NodeJS.Signals): void
}

function spawnByBun(file: string, args: readonly string[], options: SpawnOptions): Process {
  let exited: (code: number | null, signal: NodeJS.Signals | null) => void = () => {}
  const onExit = ({ signalCode }: BunProcess, code: number | null) => exited(signalCode ? null : code, signalCode)
  const { Bun } = globalThis as unknown as { Bun: Bun }
  const started = Bun.spawn([file, ...args], { ...options, onExit })
  return {
    pid: started.pid,
    stdin: started.stdin ? stdinOf(started.stdin) : null,
    // Bun.spawn throws where ChildProcess emits 'error'
    once: (event: string, listener: (...args: never[]) => void) => {
      if (event === 'exit') exited = listener as typeof exited
    },
    on: () => {},
    kill: signal => {
      started.kill(signal)
      return true
    },
  }
}

/** Write errors are ignored: the process has ended, and 'exit' reports that. */
function stdinOf(sink: NonNullable<BunProcess['stdin']>): Stdin {
  const quietly = (step: () => unknown) => {
    try {
      void Promise.resolve(step()).catch(() => {})
    } catch {}
  }
  const write = (text: string) => {
    quietly(() => sink.write(text))
    quietly(() => sink.flush())
  }
  const end = (text: string) => {
    quietly(() => sink.write(text))
    quietly(() => sink.end())
  }
  return { write, end, on: () => {} }
}
