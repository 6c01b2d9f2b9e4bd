/** `sera once <key> <wait> <command…>`: runs it unless it has been run, and takes over how that ended. */
import type { Host } from '../host.js'
import { exitCodeOf, type Outcome } from '../outcome.js'
import { finish } from '../primitives/finish.js'
import { once as atOnce, checkPeriods, takenOver } from '../primitives/once.js'
import type { Participant } from '../primitives/participant.js'
import type { Place } from '../primitives/place.js'
import { describeRun } from '../primitives/run-record.js'
import type { Call, Task } from './call.js'
import { HeldPlace } from './held-place.js'
import { sayNews } from './messages.js'
import { queueNews } from './queue-news.js'
import type { RunOptions } from './run-options.js'
import { keyOf } from './stop.js'
import { type WrappedStop, wrapped } from './wrapped.js'

export function once(words: readonly string[], { perMs, keepMs }: RunOptions): Task {
  const [key = ''] = words
  checkPeriods(perMs, keepMs)
  const stop: WrappedStop = {
    key: keyOf('once', key),
    ask: {},
    waiting: atOnce(perMs),
    preposition: 'for',
    news: queueNews,
    share: '',
    endless: above => above.length > 0,
    passed,
  }
  return (call, host, report) => {
    const hold = (participant: Participant, place: Place) => new HeldRun(participant, place, call, host)
    return wrapped({ ...stop, hold }, call, host, report)
  }
}

function passed(place: Place): Outcome | undefined {
  const other = takenOver(place)
  return other && { kind: 'taken-over', exitCode: other.run.exitCode, reason: describeRun(other.run, other.now) }
}

/** A place whose command's end is recorded. */
class HeldRun extends HeldPlace {
  /** Aborts when sera is told to stop, with the signal as its reason. */
  readonly #told = new AbortController()
  readonly #stopListening: () => void

  constructor(
    participant: Participant,
    place: Place,
    readonly call: Call,
    readonly host: Host,
  ) {
    super(participant, place)
    this.#stopListening = host.onSignal(signal => signal.startsWith('SIGUSR') || this.#told.abort(signal))
  }

  /** Only what the command has come to by itself is a verdict that others can take over. */
  async conclude(outcome: Outcome): Promise<Outcome> {
    const { signal } = this.#told
    if (signal.aborted) {
      sayNews(this.host, this.call.voice, `told to stop (${signal.reason}): this run does not count`)
      return outcome
    }
    const exitCode = exitCodeOf(outcome)
    const hadEnded = `the command had ended with ${exitCode}`
    try {
      if (await finish(this.participant, this.place, { exitCode }, this.call.options.keepMs, signal)) return outcome
      return unrecorded(`${hadEnded}, but the lock was lost by then: it is not recorded, and others may run it again`)
    } catch (error) {
      const why = signal.aborted ? `told to stop (${signal.reason})` : (error as Error).message
      return unrecorded(`${hadEnded}, but whether that is recorded is not known: ${why}; if not, others run it again`)
    }
  }

  override async release(): Promise<string | undefined> {
    this.#stopListening()
    return await super.release()
  }

  override abandon(): void {
    this.#stopListening()
    super.abandon()
  }
}

function unrecorded(reason: string): Outcome {
  return { kind: 'lost', reason, hadEnded: true }
}
