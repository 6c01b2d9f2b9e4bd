/**
 * Writes lines to syslog. The last line before the exit arrives, too. A dead or hung syslog delays a command by at most
 * {@link CLOSE_LIMIT_MS}. After opening, this code never prints, never throws, and never keeps the process alive.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SyslogSettings } from '../config/syslog.js'
import { type Address, parseAddress } from './address.js'
import { formatLine } from './line.js'
import type { Log } from './log.js'
import type { SpawnProgram } from './program.js'
import type { Transport } from './transport.js'

export const CLOSE_LIMIT_MS = 500
const STEPS = 10

/** If syslog hangs, lines beyond this number are dropped. Only a gateway may reach it. */
const MAX_UNDER_WAY = 1000

export interface LogContext {
  /** The pid of sera. */
  pid: number
  /** `spawn` of node:child_process, for `logger` and `getent`. */
  spawn: SpawnProgram
}

/**
 * A log to the syslog at `settings.address`. Without settings it drops all lines. It opens nothing before the first line.
 *
 * @throws SeraError of kind `config` if the address is in none of the forms of {@link SyslogSettings}
 */
export function openLog(settings: SyslogSettings | undefined, context: LogContext): Log {
  if (settings === undefined) return { write: () => undefined, close: () => Promise.resolve() }
  return new SyslogLog(parseAddress(settings.address), settings, context)
}

class SyslogLog implements Log {
  readonly #load: () => Promise<Transport>
  readonly #underWay = new Set<Promise<void>>()
  #transport: Promise<Transport> | undefined
  #closed = false

  constructor(address: Address, settings: SyslogSettings, context: LogContext) {
    this.#load = async () => (await import('./transport.js')).openTransport(address, { ...settings, ...context })
  }

  write: Log['write'] = (severity, fields) => {
    if (this.#closed || this.#underWay.size >= MAX_UNDER_WAY) return
    this.#transport ??= this.#load()
    const sent = this.#transport
      .then(transport => transport.log(severity, formatLine(fields)))
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(sent))
    this.#underWay.add(sent)
  }

  close: Log['close'] = async () => {
    this.#closed = true
    // The time limit starts after winston is loaded: it limits syslog, not the work of this host.
    const transport = await this.#transport?.catch(() => undefined)
    await within(CLOSE_LIMIT_MS, Promise.all(this.#underWay))
    transport?.close()
  }
}

/**
 * Waits for the work or the limit; its timer keeps the process alive only that long. The limit is divided into steps, and
 * between two of them the process reads its sockets. With one timer, a process without CPU time for half a second would
 * find the limit passed before it reads an answer that has arrived long ago.
 */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController()
  await Promise.race([work, steps(ms, enough.signal)])
  enough.abort()
}

async function steps(ms: number, signal: AbortSignal): Promise<void> {
  for (let step = 0; step < STEPS && !signal.aborted; step += 1) {
    await sleep(ms / STEPS, undefined, { signal }).catch(() => undefined)
  }
}
