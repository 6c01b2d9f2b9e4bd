/** How one finished syslog message leaves this process: what the three transports have in common. */
import type { Sender } from './message.js'
import type { SpawnProgram } from './program.js'

export interface Wire {
  /** Resolves when the kernel (or `logger`) has taken the message; rejects when it is lost. May never settle. */
  send(message: string): Promise<void>
  /** Lets go of everything that is still open. */
  close(): void
}

/** Who is speaking, and what processes are started with. */
export interface Speaker extends Sender {
  spawn: SpawnProgram
}
