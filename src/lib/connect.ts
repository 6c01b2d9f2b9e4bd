/** Connects a program to the lock tables of a server. */

import { Session } from '../claims/session.js'
import { systemClock, systemRandom } from '../clock.js'
import { SETTINGS } from '../config/settings.js'
import { SeraError } from '../errors.js'
import { checkName } from '../primitives/names.js'
import { parseDurationOption } from '../primitives/primitive.js'
import { attributesOf } from '../store/mysql/connect.js'
import { LockTables } from '../store/tables/lock-tables.js'
import { type ConnectOptions, serversOf, timingOf } from './options.js'
import { self } from './self.js'
import { Sera } from './sera.js'

/**
 * Connects to the server that has the lock tables. Creates the tables if they are missing and the account has the privilege.
 * One connection stays open while the program holds or waits for something. Call `close()` to let the process end.
 *
 * @param to a DSN, or options
 * @throws SeraError `lock-failed`: the server can't be reached or can't hold locks. `config`: the DSN is not valid. `usage`:
 * another option is not valid. Throws the signal's reason if the signal aborts.
 * @example
 * await using sera = await connect('sera:secret@tcp(db:3306)/sera')
 * await using lock = await sera.mutex('deploy').acquire({ wait: '30s' })
 */
export async function connect(to: string | ConnectOptions): Promise<Sera> {
  const options = typeof to === 'string' ? { server: to } : optionsOf(to)
  const session = open(options)
  try {
    const deadline = { until: Number.POSITIVE_INFINITY, signal: options.signal }
    await session.store.look([{ key: { kind: '', name: '' }, upTo: 0 }], deadline)
    return new Sera(session)
  } catch (error) {
    await session.close()
    throw error
  }
}

/** JavaScript callers have no compiler that checks this; `process.env.DSN` may be undefined. */
function optionsOf(to: ConnectOptions): ConnectOptions {
  if (typeof to === 'object' && to !== null) return to
  throw new SeraError('usage', `connect: expected a DSN or options, got ${to === undefined ? 'undefined' : typeof to}`)
}

function open(options: ConnectOptions): Session {
  const timing = timingOf(options)
  const owner = self(options.label)
  const store = new LockTables({
    servers: serversOf(options),
    owner,
    attributes: attributesOf(owner.pid, [owner.command]),
    leaseMs: timing.leaseMs,
    connectWaitMs: parseDurationOption('connectWait', options.connectWait ?? SETTINGS.connectWait.otherwise),
    namespace: namespaceOf(options),
    clock: systemClock,
    random: systemRandom,
  })
  return new Session(store, { clock: systemClock, random: systemRandom, ...timing })
}

function namespaceOf({ namespace = '' }: ConnectOptions): string {
  return namespace === '' ? '' : checkName('namespace', namespace, LONGEST_NAMESPACE)
}

/** Characters. The lock tables have no room for more beside a name. */
const LONGEST_NAMESPACE = 64
