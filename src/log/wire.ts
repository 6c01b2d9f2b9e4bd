/** Sends finished syslog messages: the common interface of the three transports. */
import type { Sender } from './message.js'
import type { SpawnProgram } from './program.js'

export interface Wire {
  /** Resolves when the kernel (or `logger`) has taken the message; rejects when it is lost. May never settle. */
  send(message: string): Promise<void>
  /** Closes everything that is still open. */
  close(): void
}

/** The sender of messages, and the function that starts processes. */
export interface Speaker extends Sender {
  spawn: SpawnProgram
}
