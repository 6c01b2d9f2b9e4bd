/** How one finished syslog message leaves the machine's process: the three transports behind one face. */
import type { Address } from './address.js'
import { lookUp } from './lookup.js'
import type { Sender } from './message.js'
import type { Spawn } from './program.js'
import { openTcp } from './tcp.js'
import { openUdp } from './udp.js'
import { openUnix } from './unix.js'

export interface Wire {
  /** Resolves when the kernel (or `logger`) has taken the message; rejects when it is lost. May never settle. */
  send(message: string): Promise<void>
  /** Lets go of everything that is still open. */
  close(): void
}

/** Who is speaking, and what processes are started with. */
export interface Speaker extends Sender {
  spawn: Spawn
}

export function openWire(address: Address, speaker: Speaker): Wire {
  switch (address.kind) {
    case 'unix':
      return openUnix(address.path, speaker)
    case 'udp':
      return openUdp(address.port, signal => lookUp(address.host, speaker.spawn, signal))
    case 'tcp':
      return openTcp(address.port, signal => lookUp(address.host, speaker.spawn, signal))
  }
}
