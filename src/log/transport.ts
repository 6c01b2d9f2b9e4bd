/**
 * winston and winston-syslog on a wire of sera's own. Imported with the first line only: it takes longer to load
 * than the rest of sera.
 *
 * winston-syslog makes the message (RFC 3164) and would open the socket too, but then loses lines of a process that ends at once:
 * it calls back before UDP is bound, reconnects TCP for ever, and needs a native module for the unix socket. It sends through any
 * socket it is given, though, and its `unix` protocol asks no more of one than `send`.
 */
import { hostname } from 'node:os'
import winston from 'winston'
import { Syslog } from 'winston-syslog'
import type { SyslogSettings } from '../config/settings.js'
import type { Address } from './address.js'
import type { Severity } from './log.js'
import { openWire, type Speaker, type Wire } from './wire.js'

export interface Transport {
  /** Resolves when the line is on its way, and also when it is lost. */
  log(severity: Severity, line: string): Promise<void>
  close(): void
}

/** winston-syslog knows two facilities by other names than syslog.conf(5). */
const FACILITY_NAMES: Readonly<Record<string, string>> = { authpriv: 'sec', cron: 'clock' }

export function openTransport(
  address: Address,
  { facility, tag }: SyslogSettings,
  speaker: Omit<Speaker, 'tag'>,
): Transport {
  const wire = openWire(address, { ...speaker, tag })
  const syslog = new Syslog({
    protocol: 'unix',
    path: '-',
    localhost: hostname(),
    facility: FACILITY_NAMES[facility] ?? facility,
    app_name: tag,
    pid: speaker.pid,
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

/** A failure is not handed on: winston-syslog would keep the line for ever, and wait for it when closed. */
function deliver(wire: Wire, message: Buffer, done: () => void): void {
  wire.send(message.toString()).then(
    () => done(),
    () => done(),
  )
}
