/**
 * Keeps the child guarded while it runs, and ends it by the fence even if its guards fail.
 *
 * 1. sera replaces a guard that was killed or that does not see the child. The pause before a replacement doubles each
 *    time. After a few short-lived guards sera gives up, because no child runs unguarded.
 * 2. The child's time is up at the fence, or when sera orders the guard to end it. sera checks the boot clock at least
 *    every second, because timers do not count suspend.
 * 3. sera takes over if the guard is still idle one tick plus an allowance after that time, or if the child still runs
 *    one grace plus the allowance after it. The allowance is half of the margin that the fence leaves.
 * 4. When sera gives up or takes over, it kills the child with everything it started, and the guard if that is idle. It
 *    repeats this until no process is left.
 */
import type { Child } from '../child/child.js'
import type { Family } from '../child/family.js'
import type { Guard, GuardEnd } from '../child/guard.js'
import { type Cancel, type Clock, sleep } from '../clock.js'
import { SAFETY_MARGIN_MS } from '../fence.js'

export interface Post {
  /** Starts a guard with this lifeline, by default the current one of the lock; or throws. */
  start(lifeline?: number): Guard
  /** When the child must be ended, ms on the boot clock. */
  fence(): number
  graceMs: number
  tickMs: number
  clock: Clock
  familyOf(child: Child): Family
  /** process.kill. */
  kill(pid: number, signal: NodeJS.Signals): void
  /** Called when sera kills the child itself. */
  onForce(reason: string): void
}

const ALLOWANCE_MS = SAFETY_MARGIN_MS / 2
/** The longest delay until sera notices that the machine was suspended. */
const LOOK_MS = 1000
const AGAIN_MS = 50
const MOST_SHORT_LIVED = 5
/** A guard that has lived this long does not count as short-lived. */
const LONG_LIFE_MS = 10_000

export class GuardDuty {
  /** How the current guard ended; undefined while it runs. */
  end: GuardEnd | undefined
  #guard: Guard
  /** The second guard during a reclaim, with the lifeline of the lock that sera may get back. */
  #standby: Guard | undefined
  #child: Child | undefined
  #family: Family | undefined
  #orderedAt = Number.POSITIVE_INFINITY
  #takenAt = 0
  #shortLived = 0
  #wasLate = false
  #tries = 0
  #cancelLook: Cancel = () => {}

  constructor(
    readonly post: Post,
    /** A guard with the lifeline of this lock, started during the wait. */
    prepared?: Guard,
  ) {
    this.#guard = this.#take(prepared ?? post.start())
  }

  /** Whether the guard or sera has begun to end the child. */
  get acting(): boolean {
    return this.#family !== undefined || this.#guard.acting
  }

  /** The fence has moved. */
  extend(): void {
    this.#guard.extend(this.post.fence())
  }

  /** The child runs from now on. */
  watch(child: Child): void {
    this.#child = child
    this.#guard.watch(child.pid)
    if (this.end !== undefined) this.replace() // the guard ended before the child started
    this.#look()
  }

  /** Orders the guard to end the child. */
  order(): void {
    this.#orderedAt = Math.min(this.#orderedAt, this.post.clock.boot())
    this.#guard.end()
    this.#look()
  }

  /** Starts a second guard with this lifeline, which ends the child only if sera is killed. Undefined: dismisses it. */
  standBy(lifeline: number | undefined): void {
    this.#standby?.dismiss()
    this.#standby = undefined
    if (lifeline === undefined) return
    this.#standby = this.post.start(lifeline)
    this.#standby.extend(Number.POSITIVE_INFINITY) // the first guard keeps the fence
    if (this.#child) this.#standby.watch(this.#child.pid)
  }

  /** The lock is reclaimed: the second guard replaces the first one. */
  relieve(): void {
    const standby = this.#standby
    this.#standby = undefined
    this.replace(standby)
  }

  /** Replaces the guard by `next`, or else by a new one with the current lifeline of the lock. */
  replace(next?: Guard): void {
    const former = this.#guard
    try {
      this.#guard = this.#take(next ?? this.post.start())
    } catch (error) {
      this.#force(`its guard could not be replaced: ${(error as Error).message}`)
      return
    }
    this.end = undefined
    if (this.#child) this.#guard.watch(this.#child.pid)
    if (this.#orderedAt < Number.POSITIVE_INFINITY) this.#guard.end()
    former.dismiss()
  }

  /** The child has ended. If it was ended by force, waits until every process that it started has ended, too. */
  async settle(force: boolean): Promise<void> {
    const { acting } = this
    this.#guard.dismiss()
    if (!force && !acting) return
    this.end = await this.#guard.ended
    if (this.end === 'failed') this.#force('its guard died while it ended the command')
    while (this.#family?.kill() === false) await sleep(this.post.clock, AGAIN_MS)
  }

  dismiss(): void {
    this.#cancelLook()
    this.#guard.dismiss()
    this.standBy(undefined)
  }

  #take(guard: Guard): Guard {
    this.#takenAt = this.post.clock.now()
    guard.extend(this.post.fence())
    void guard.ended.then(end => this.#ended(guard, end))
    return guard
  }

  #ended(guard: Guard, end: GuardEnd): void {
    if (guard !== this.#guard) return
    this.end = end
    if (end === 'deadline' || end === 'asked' || !this.#isMissed) return
    if (this.post.clock.now() - this.#takenAt > LONG_LIFE_MS) this.#shortLived = 0
    if (this.#shortLived === MOST_SHORT_LIVED) this.#force('its guards died, or did not see the command')
    else this.post.clock.after(this.#pause(end), () => this.#isMissed && this.replace())
  }

  /** The first killed guard is replaced at once. Any other guard may have ended because the child has. */
  #pause(end: GuardEnd): number {
    const before = this.#shortLived++
    return before === 0 && end === 'failed' ? 0 : AGAIN_MS * 2 ** before
  }

  get #isMissed(): boolean {
    return this.#child?.running === true && this.#family === undefined
  }

  #look(): void {
    this.#cancelLook()
    const { clock, graceMs, tickMs } = this.post
    const due = Math.min(this.post.fence(), this.#orderedAt)
    if (due === Number.POSITIVE_INFINITY) return // no fence, and no order yet
    const late = clock.boot() - due - ALLOWANCE_MS
    const isIdle = late >= tickMs && !this.#guard.acting
    const isLate = isIdle || late >= graceMs
    if (this.#family || (isLate && this.#wasLate)) {
      this.#force(isIdle ? 'its guard did not act' : 'its guard did not end the command in time')
    } else {
      // Check again after pending events: sera may have been stopped, and the child may have ended in the meantime.
      this.#wasLate = isLate
      this.#lookIn(isLate ? AGAIN_MS : late < tickMs ? tickMs - late : graceMs - late)
    }
  }

  #lookIn(ms: number): void {
    this.#cancelLook()
    this.#cancelLook = this.post.clock.after(Math.min(LOOK_MS, ms), () => this.#look())
  }

  /** Kills the child and everything it started; `#look` repeats this until nothing is left. */
  #force(reason: string): void {
    if (!this.#child) return
    this.post.onForce(reason)
    this.#family ??= this.post.familyOf(this.#child)
    const isGone = this.#family.kill()
    // The child runs, but /proc may hide it (hidepid), and then the family lacks it.
    if (this.#child.running) this.#child.signal('SIGKILL', true, this.post.kill)
    if (!this.#guard.acting || (isGone && !this.#child.running)) this.#guard.kill()
    this.#lookIn(AGAIN_MS * 2 ** this.#tries++)
  }
}
