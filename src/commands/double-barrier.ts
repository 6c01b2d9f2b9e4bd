/**
 * `sera barrier <name> <count> <wait> <command…>`: all start together, and each sera stays until all commands have ended.
 *
 * The command's own failure is told before anything that happened while the others were waited for.
 */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { doubleBarrier as atDoubleBarrier, LEAVING } from '../primitives/double-barrier.js'
import { checkCount } from '../primitives/names.js'
import type { Participant } from '../primitives/participant.js'
import type { Place } from '../primitives/place.js'
import { pursue } from '../primitives/turn.js'
import { awaitTurn } from './await-turn.js'
import type { Call, Task } from './call.js'
import { GONE, HeldPlace } from './held-place.js'
import { departureNews, entranceNews } from './queue-news.js'
import type { Report } from './report.js'
import { wholeNumber } from './run-options.js'
import { keyOf, type Stop, turnAt } from './stop.js'
import { shortened } from './waiting-line.js'
import { wrapped } from './wrapped.js'

export function doubleBarrier(words: readonly string[]): Task {
  const [name = '', number = ''] = words
  const count = checkCount('<count>', wholeNumber('<count>', number))
  const stop: Stop = {
    key: keyOf('double-barrier', name),
    ask: {},
    waiting: atDoubleBarrier(count),
    preposition: 'at',
    news: entranceNews(count),
  }
  return async (call, host, report) => {
    let party: HeldParty | undefined
    const hold = (participant: Participant, place: Place) => {
      party = new HeldParty(participant, place, () => departure(stop, participant, place, call, host, report))
      return party
    }
    const left = (outcome: Outcome) => (outcome.kind === 'ran' && outcome.exitCode === 0 ? party?.departed : undefined)
    return await wrapped({ ...stop, share: '', endless: above => above.length > 0, hold, left }, call, host, report)
  }
}

/** Waits for the others; how that ended, unless it ended well. */
async function departure(
  stop: Stop,
  participant: Participant,
  place: Place,
  call: Call,
  host: Host,
  report: Partial<Report>,
): Promise<Outcome | undefined> {
  const story: Partial<Report> = {}
  const news = departureNews(place.claim?.generation)
  const turn = {
    ...turnAt({ ...stop, news }, participant, place),
    what: `for the others at barrier ${shortened(stop.key.name)}`,
    take: async (wait: { until: number; signal: AbortSignal }) =>
      (await pursue(participant, place, {}, LEAVING, wait)) || undefined,
  }
  const leaving = { ...call, waitMs: call.options.leaveWaitMs }
  const result = await awaitTurn(turn, leaving, host, story).catch((error: Error) => {
    call.warn(`could not wait for the others to finish: ${error.message}`)
    return { taken: true }
  })
  if ('taken' in result) return undefined
  if (story.situation !== undefined) report.situation = story.situation
  return result.outcome
}

class HeldParty extends HeldPlace {
  departed: Outcome | undefined

  constructor(
    participant: Participant,
    place: Place,
    readonly depart: () => Promise<Outcome | undefined>,
  ) {
    super(participant, place)
  }

  override async release(): Promise<string | undefined> {
    if (await this.#isGone()) return GONE
    this.departed = await this.depart()
    return await super.release()
  }

  /** To leave is a step that asks nothing of the claim, so this has to be asked before. False also when it can't be told. */
  async #isGone(): Promise<boolean> {
    const { store, farewell } = this.participant
    const alive = await store.renew([this.place.id], farewell).catch(() => undefined)
    return alive?.has(this.place.id) === false
  }
}
