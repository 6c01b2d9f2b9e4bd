/** A subcommand that wraps a command: stops at a resource of the lock tables, runs the command, gives the place back. */
import { ancestors } from '../child/process-table.js'
import { after } from '../clock.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import type { Participant } from '../primitives/participant.js'
import type { Place } from '../primitives/place.js'
import { awaitTurn, type Turn } from './await-turn.js'
import type { Call } from './call.js'
import { heldEntry, sharesAbove } from './child-environment.js'
import { GuardInReserve } from './guard-in-reserve.js'
import { guardTimes } from './guarded-run.js'
import { HeldPlace, leaveQuietly } from './held-place.js'
import { participating } from './participant.js'
import type { Report } from './report.js'
import { runUnder } from './run-under.js'
import { lockOf, type Stop, tablesOf, turnAt } from './stop.js'

export interface WrappedStop extends Stop {
  /** How much of it is held, for a sera below this one; '' for all of it. */
  share: string
  /** Whether a wait could never end, as those above this sera hold these shares; `perhaps` when somebody else decides that. */
  endless(above: readonly string[]): boolean | 'perhaps'
  /** How it ends when it was let on without a place to run under; undefined when there is one. */
  passed?(place: Place): Outcome | undefined
  /** The granted place as a lock; a HeldPlace unless giving it back is more than that. */
  hold?(participant: Participant, place: Place): HeldPlace
  /** How a run ended that has given its place back, where that is more than how its command ended. */
  left?(outcome: Outcome): Outcome | undefined
}

/** A place that was to be had is granted sooner; see `Wait.queued`. */
const QUEUED_AFTER_MS = 50

export async function wrapped(stop: WrappedStop, call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const { shown, settings } = call
  const lock = lockOf(stop.key)
  const tables = tablesOf(settings)
  Object.assign(report, { lock, command: shown, waitMs: call.waitMs })
  const endless = stop.endless(sharesAbove(host, lock, tables, ancestors))
  if (endless === true) throw endlessWait(lock)
  const marker = heldEntry(host.pid, lock, tables, stop.share)
  const reserve = new GuardInReserve({ ...guardTimes(settings), marker, path: host.env.PATH })
  const inReserve = after(QUEUED_AFTER_MS, () => reserve.prepare('none'))
  const patient = endless === 'perhaps' ? { ...call, waitMs: 0 } : call
  return await participating(stop.key, call, host, report, async participant => {
    try {
      const place = participant.place(stop.key)
      const arrival = unlessInterrupted(turnAt(stop, participant, place), participant)
      const turn = await awaitTurn(arrival, patient, host, report)
      inReserve()
      if ('outcome' in turn) {
        if (endless && turn.outcome.kind === 'timed-out') throw endlessWait(lock)
        return turn.outcome
      }
      const passed = stop.passed?.(place)
      if (passed) {
        await leaveQuietly(participant, place)
        return passed
      }
      const held = stop.hold?.(participant, place) ?? new HeldPlace(participant, place)
      const outcome = await runUnder(held, { lock, marker, slot: place.claim?.slot }, call, host, report, reserve)
      return stop.left?.(outcome) ?? outcome
    } finally {
      inReserve()
      reserve.dismiss()
    }
  })
}

/** At a barrier a place may be granted to one who was just told to give up: it is given back, and nothing is started. */
function unlessInterrupted(turn: Turn<Place>, participant: Participant): Turn<Place> {
  const take: Turn<Place>['take'] = async wait => {
    const place = await turn.take(wait)
    if (!place || !wait.signal.aborted) return place
    await leaveQuietly(participant, place)
    throw wait.signal.reason
  }
  return { ...turn, take }
}

function endlessWait(lock: string): SeraError {
  return new SeraError('conflict', `${lock} is held by a sera above this one; waiting for it would never end`)
}
