/**
 * Starting a process. The single binary uses Bun's own call: node:child_process is there a layer on top of it, which
 * loads streams and costs 3 ms of every run for guard and command. It is dressed as the part of ChildProcess that this
 * folder needs, so that everybody else knows one way only.
 */
import type { SpawnOptions } from 'node:child_process'

export interface Process {
  /** Undefined when it could not be started; `error` tells why. */
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

/** Throws, or the process has no PID and emits `error`, when it can't be started. */
export const spawn: Spawn = 'Bun' in globalThis ? spawnByBun : (await import('node:child_process')).spawn

/** What is used of https://bun.sh/reference/bun/spawn; its types would clash with Node's. */
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
    // it throws where ChildProcess emits 'error'
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

/** A process that has gone reads no more; its end is told by 'exit'. */
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
