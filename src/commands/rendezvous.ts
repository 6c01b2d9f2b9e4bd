/** `sera rendezvous <event>`: prints whom it has met; with a command, the command is told. */
import { SeraError } from '../errors.js'
import type { Participant } from '../primitives/participant.js'
import { rendezvous as atRendezvous, type Match, matchOf } from '../primitives/rendezvous.js'
import { askOf, checkPayload, withActor } from '../primitives/visitor.js'
import { parseLabels } from '../selector/labels.js'
import { parseSelector } from '../selector/selector.js'
import type { HeldLock } from '../store/port.js'
import { type AloneStop, alone } from './alone.js'
import { awaitTurn, type Turn } from './await-turn.js'
import type { Task } from './call.js'
import { heldEntry } from './child-environment.js'
import { leaveQuietly } from './held-place.js'
import { MatchFile } from './match-file.js'
import { meetingNews } from './meeting-news.js'
import { participating } from './participant.js'
import { readPayload } from './payload.js'
import type { RunOptions } from './run-options.js'
import { runUnder } from './run-under.js'
import { keyOf, lockOf, type Stop, tablesOf, turnAt } from './stop.js'

export function rendezvous([event = '']: readonly string[], options: RunOptions): Task {
  const stop: AloneStop = {
    ...stopAt(event, options),
    text: claim => `${JSON.stringify(matchOf(event, claim))}\n`,
  }
  return (call, host, report) => alone(stop, call, host, report)
}

export function rendezvousCommand([event = '']: readonly string[], options: RunOptions): Task {
  const stop = stopAt(event, options)
  return async (call, host, report) => {
    const lock = lockOf(stop.key)
    Object.assign(report, { lock, command: call.shown, waitMs: call.waitMs })
    return await participating(stop.key, call, host, report, async participant => {
      const turn = await awaitTurn(meeting(stop, participant), call, host, report)
      if ('outcome' in turn) return turn.outcome
      participant.store.rest()
      const file = new MatchFile(turn.taken)
      try {
        const marker = heldEntry(host.pid, lock, tablesOf(call.settings))
        return await runUnder(NOTHING, { lock, marker, match: file.path }, call, host, report)
      } finally {
        file.remove()
      }
    })
  }
}

/** @throws SeraError usage */
function stopAt(event: string, { actor, mates, labels = '', selector, payload }: RunOptions): Stop {
  const key = keyOf('rendezvous', event)
  if (actor === undefined) throw new SeraError('usage', '--actor is missing: the others want to know who comes')
  if (selector !== undefined) parseSelector(selector, '--selector')
  const ask = askOf({ actor, mates, labels: withActor(actor, parseLabels(labels, '--labels')), selector })
  const text = readPayload(payload)
  return {
    key,
    ask: text === undefined ? ask : { ...ask, payload: checkPayload(text) },
    waiting: atRendezvous(),
    preposition: 'at',
    news: meetingNews(ask),
  }
}

/** Nobody is left at the event when the command runs: the match is final. */
function meeting(stop: Stop, participant: Participant): Turn<Match> {
  const place = participant.place(stop.key)
  const turn = turnAt(stop, participant, place)
  const take: Turn<Match>['take'] = async wait => {
    const taken = await turn.take(wait)
    if (!taken) return undefined
    await leaveQuietly(participant, taken)
    wait.signal.throwIfAborted() // who was told to give up starts nothing, although the others have met it
    return matchOf(stop.key.name, taken.claim)
  }
  return { ...turn, take }
}

/** A command that has met the others runs for as long as it likes. */
const NOTHING: HeldLock = {
  until: Number.POSITIVE_INFINITY,
  provenAt: Number.POSITIVE_INFINITY,
  token: undefined,
  lifeline: undefined,
  keep: () => {},
  reclaim: async () => false,
  release: async () => undefined,
  abandon: () => {},
}
