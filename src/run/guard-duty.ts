/**
 * Keeps the child guarded while it runs, and ends it by the fence even if its guards fail.
 *
 * 1. sera replaces a guard that was killed or that does not see the child. The pause before a replacement doubles each
 *    time. After a few guards in vain sera gives up, because no child runs unguarded.
 * 2. sera looks at the boot clock at least every second, as timers don't count suspend. It takes over when the guard is
 *    not acting a tick and an allowance after the child's time was up (the fence, or the order to end it), and when the
 *    child still runs a grace and the allowance after that. The allowance is half of the margin that the fence leaves.
 * 3. When sera gives up or takes over, it kills the guard, if that is not acting, and the child with everything it
 *    started, again and again until nothing is left.
 */
import type { Child } from '../child/child.js'
import type { Family } from '../child/family.js'
import type { Guard, GuardEnd } from '../child/guard.js'
import { type Cancel, type Clock, sleep } from '../clock.js'
import { SAFETY_MARGIN_MS } from '../fence.js'

export interface Post {
  /** Starts a guard with this lifeline, by default the lock's present one; or throws. */
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
/** How late sera may notice that the machine was suspended. */
const LOOK_MS = 1000
const AGAIN_MS = 50
const VAIN_GUARDS = 5
/** A guard that has lived this long was not in vain. */
const LONG_LIFE_MS = 10_000

export class GuardDuty {
  /** How the present guard ended. */
  end: GuardEnd | undefined
  #guard: Guard
  /** A second guard while the lock is reclaimed, with the lifeline that the lock may come back with. */
  #standby: Guard | undefined
  #child: Child | undefined
  #family: Family | undefined
  #orderedAt = Number.POSITIVE_INFINITY
  #employedAt = 0
  #vain = 0
  #wasLate = false
  #tries = 0
  #cancelLook: Cancel = () => {}

  constructor(
    readonly post: Post,
    /** A guard with this lock's lifeline, started while the lock was waited for. */
    prepared?: Guard,
  ) {
    this.#guard = this.#employ(prepared ?? post.start())
  }

  /** The guard has begun to end the child, or sera has. */
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
    if (this.end !== undefined) this.replace() // it ended before there was a child
    this.#look()
  }

  /** Orders the guard to end the child. */
  order(): void {
    this.#orderedAt = Math.min(this.#orderedAt, this.post.clock.boot())
    this.#guard.end()
    this.#look()
  }

  /** Lets a second guard hold this lifeline. It ends the child only if sera is killed. Undefined: dismisses that guard. */
  standBy(lifeline: number | undefined): void {
    this.#standby?.dismiss()
    this.#standby = undefined
    if (lifeline === undefined) return
    this.#standby = this.post.start(lifeline)
    this.#standby.extend(Number.POSITIVE_INFINITY) // the fence is the first guard's
    if (this.#child) this.#standby.watch(this.#child.pid)
  }

  /** The lock is reclaimed: the second guard takes the place of this one. */
  relieve(): void {
    const standby = this.#standby
    this.#standby = undefined
    this.replace(standby)
  }

  /** Puts another guard in the place of this one: by default a new one with the lock's present lifeline. */
  replace(next?: Guard): void {
    const former = this.#guard
    try {
      this.#guard = this.#employ(next ?? this.post.start())
    } catch (error) {
      this.#force(`its guard could not be replaced: ${(error as Error).message}`)
      return
    }
    this.end = undefined
    if (this.#child) this.#guard.watch(this.#child.pid)
    if (this.#orderedAt < Number.POSITIVE_INFINITY) this.#guard.end()
    former.dismiss()
  }

  /** The child has ended. While force is at work, that is not the end of all that it started. */
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

  #employ(guard: Guard): Guard {
    this.#employedAt = this.post.clock.now()
    guard.extend(this.post.fence())
    void guard.ended.then(end => this.#ended(guard, end))
    return guard
  }

  #ended(guard: Guard, end: GuardEnd): void {
    if (guard !== this.#guard) return
    this.end = end
    if (end === 'deadline' || end === 'asked' || !this.#isMissed) return
    if (this.post.clock.now() - this.#employedAt > LONG_LIFE_MS) this.#vain = 0
    if (this.#vain === VAIN_GUARDS) this.#force('its guards died, or did not see the command')
    else this.post.clock.after(this.#pause(end), () => this.#isMissed && this.replace())
  }

  /** A guard that was killed left the child unguarded; any other may have ended just before the child is seen to. */
  #pause(end: GuardEnd): number {
    const vain = this.#vain++
    return vain === 0 && end === 'failed' ? 0 : AGAIN_MS * 2 ** vain
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
      // Look once more after pending events: sera may have been stopped, and the child may have ended meanwhile.
      this.#wasLate = isLate
      this.#lookIn(isLate ? AGAIN_MS : late < tickMs ? tickMs - late : graceMs - late)
    }
  }

  #lookIn(ms: number): void {
    this.#cancelLook()
    this.#cancelLook = this.post.clock.after(Math.min(LOOK_MS, ms), () => this.#look())
  }

  /** Kills the child and all it started; `#look` goes on with that until nothing is left. */
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
