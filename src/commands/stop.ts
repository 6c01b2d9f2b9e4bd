/** A resource of the lock tables, as a run of the command line stops at it for its turn. */
import { describeDsn } from '../config/dsn.js'
import type { Settings } from '../config/settings.js'
import { SeraError } from '../errors.js'
import type { Kind } from '../primitives/kinds.js'
import { checkName } from '../primitives/names.js'
import type { Ask, Participant } from '../primitives/participant.js'
import type { Place } from '../primitives/place.js'
import { takeTurn, type Waiting } from '../primitives/turn.js'
import type { Contender, ResourceKey } from '../store/claims.js'
import type { Turn } from './await-turn.js'
import { firstHolder, type QueueNews } from './queue-news.js'
import { shortened } from './waiting-line.js'

export interface Stop {
  key: ResourceKey
  ask: Ask
  waiting: Waiting
  /** How a person puts it: `for rwlock`, `at gate`. */
  preposition: 'for' | 'at'
  news: QueueNews
}

/** @throws SeraError usage, when it can't be a name */
export function keyOf(kind: Kind, name: string): ResourceKey {
  return { kind, name: checkName(kind, name) }
}

/** What reports, logs and the command call it. */
export function lockOf({ kind, name }: ResourceKey): string {
  return `${kind}/${name}`
}

/** What SERA_HELD calls the tables: the same for all who are configured alike. */
export function tablesOf({ servers }: Settings): string {
  return servers.map(describeDsn).join(',')
}

export function turnAt(
  { key, ask, waiting, preposition, news }: Stop,
  participant: Participant,
  place: Place,
): Turn<Place> {
  const { store, clock } = participant
  const contenders = () => store.contenders(key, { until: clock.now() })
  const told = (found: readonly Contender[]) => news(found, place.id, clock.now())
  return {
    what: `${preposition} ${key.kind} ${shortened(key.name)}`,
    // news for a person; the wait itself will tell what is wrong
    ask: () => contenders().then(told, () => undefined),
    take: wait => takeTurn(participant, place, ask, waiting, wait).catch(error => Promise.reject(named(error, key))),
    missed: async () => {
      const found = await contenders().catch((): Contender[] => [])
      const holder = firstHolder(found)
      return { ...(holder ? { holder } : {}), situation: told(found)(clock.now()) || 'nobody holds it now' }
    },
  }
}

/** Rules don't know the name of what they decide on. */
function named(error: unknown, { kind, name }: ResourceKey): unknown {
  if (!(error instanceof SeraError) || error.kind !== 'conflict') return error
  return new SeraError('conflict', `${kind} ${name}: ${error.message}`, { cause: error })
}
