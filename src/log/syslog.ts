/**
 * sera's lines to syslog: the last one arrives too, and a syslog that is dead or hangs costs a command {@link CLOSE_LIMIT_MS}
 * and nothing else. Nothing here prints, throws once open, or keeps the process alive.
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

/** Lines under way to a syslog that hangs; further ones are dropped. Only a gateway comes near. */
const MAX_UNDER_WAY = 1000

export interface LogContext {
  /** sera's own, as syslog shows it. */
  pid: number
  /** `spawn` of node:child_process, for `logger` and `getent`. */
  spawn: SpawnProgram
}

/**
 * A log on the syslog at `settings.address`, or one that drops all lines where there are no settings. Opens nothing before the
 * first line.
 *
 * @throws SeraError of kind `config` when the address is in none of the forms of {@link SyslogSettings}
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
    // The clock starts when winston is loaded: that is this machine's work, not syslog's, and slow only where all is slow.
    const transport = await this.#transport?.catch(() => undefined)
    await within(CLOSE_LIMIT_MS, Promise.all(this.#underWay))
    transport?.close()
  }
}

/**
 * Waits for the work, but no longer than the limit; the timer holds the process meanwhile, and not a moment more. The limit is waited
 * for in steps, and between two the process looks at its sockets: one that got no processor for half a second would find the limit
 * passed first, and only then that syslog has long answered.
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
