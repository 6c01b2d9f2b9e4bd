/**
 * winston and winston-syslog on a wire of sera's own. Imported with the first line only: it takes longer to load
 * than the rest of sera.
 *
 * winston-syslog opens sockets too, but then loses lines of a process that ends at once: it calls back before UDP is bound,
 * reconnects TCP for ever, and needs a native module for the unix socket. It sends through any socket it is given, though, and
 * its `unix` protocol asks no more of one than `send`. Its own messages have a clock of local time and no facility `cron`.
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
  /** Resolves when the line is on its way, and also when it is lost. */
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

/** A failure is not handed on: winston-syslog would keep the line for ever, and wait for it when closed. */
function deliver(wire: Wire, message: Buffer, done: () => void): void {
  wire.send(message.toString()).then(
    () => done(),
    () => done(),
  )
}
