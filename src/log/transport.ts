/**
 * Connects winston and winston-syslog to a `Wire` of sera. It is imported with the first line only, because it takes
 * longer to load than the rest of sera.
 *
 * The sockets of winston-syslog lose lines of a process that ends at once: UDP calls back before it is bound, TCP
 * reconnects for ever, and the unix socket needs a native module. But it accepts a socket from outside, and its protocol
 * `unix` needs only `send`. Its own messages use local time and have no facility `cron`, so sera formats them.
 */
import { hostname } from 'node:os'
import winston from 'winston'
import { type Produced, Syslog } from 'winston-syslog'
import type { Address } from './address.js'
import type { Severity } from './log.js'
import { lookUp } from './lookup.js'
import { formatMessage, prioritised } from './message.js'
import { openTcp } from './tcp.js'
import { openUdp } from './udp.js'
import { openUnix } from './unix.js'
import type { Speaker, Wire } from './wire.js'

export interface Transport {
  /** Resolves when the line is sent, and also if it is lost. */
  log(severity: Severity, line: string): Promise<void>
  close(): void
}

export function openTransport(address: Address, speaker: Speaker): Transport {
  const wire = openWire(address, speaker)
  const host = hostname()
  const syslog = new Syslog({
    protocol: 'unix',
    path: '-',
    customProducer: class {
      produce({ severity, message, date }: Produced): string {
        return address.kind === 'unix'
          ? prioritised(severity, message, speaker)
          : formatMessage(severity, message, date, host, speaker)
      }
    },
  })
  syslog.socket = { send: (message, _offset, _length, _path, done) => deliver(wire, message, done) }
  syslog.on('logged', info => info.done())
  const logger = winston.createLogger({
    levels: winston.config.syslog.levels,
    format: winston.format.printf(info => String(info.message)),
    transports: [syslog],
  })
  return {
    log: (level, message) => new Promise(done => logger.log({ level, message, done })),
    close: () => wire.close(),
  }
}

function openWire(address: Address, speaker: Speaker): Wire {
  switch (address.kind) {
    case 'unix':
      return openUnix(address.path, speaker)
    case 'udp':
      return openUdp(address.port, signal => lookUp(address.host, speaker.spawn, signal))
    case 'tcp':
      return openTcp(address.port, signal => lookUp(address.host, speaker.spawn, signal))
  }
}

/** Hides a failure from winston-syslog, which would keep the line for ever and wait for it when closed. */
function deliver(wire: Wire, message: Buffer, done: () => void): void {
  wire.send(message.toString()).then(
    () => done(),
    () => done(),
  )
}
