/**
 * The child with everything it started: its descendants, the group that it leads, and every process that carries the
 * child's entry in SERA_HELD. sera ends the family itself when the guard does not act.
 *
 * The order is the guard's: STOP to all members until no new one is found, so that none can fork away; then KILL. PID
 * and start time identify a member, so a reused PID is never signalled.
 */
import { heldEntriesOf, type ProcessState, processIds, readProcess } from './process-table.js'

export interface FamilyOf {
  pid: number
  /** False after the child has ended: another process may have its PID, so only the entry identifies its family. */
  running: boolean
  /** The child leads a group of its own. */
  ownGroup: boolean
  /** The child's entry in SERA_HELD. */
  marker: string
  /** process.kill; it may throw. */
  kill(pid: number, signal: NodeJS.Signals): void
}

export class Family {
  /** Start time by PID. */
  readonly #members = new Map<number, number>()

  readonly #since: number = 0

  constructor(readonly of: FamilyOf) {
    const child = of.running ? readProcess(of.pid) : undefined
    if (!child?.alive) return
    this.#members.set(of.pid, child.start)
    this.#since = child.start
  }

  /** Kills all members. True when none is left. KILL takes effect later, so call it until it returns true. */
  kill(): boolean {
    do this.#send('SIGSTOP')
    while (this.#grow())
    this.#send('SIGKILL')
    return this.#members.size === 0
  }

  /** Drops dead members and adds new ones; true when there are new ones. */
  #grow(): boolean {
    const alive = new Map(processIds().map(pid => [pid, readProcess(pid)] as const))
    for (const [pid, start] of this.#members) {
      const now = alive.get(pid)
      if (!now?.alive || now.start !== start) this.#members.delete(pid)
    }
    let grown = false
    for (const [pid, state] of alive) {
      if (!state?.alive || this.#members.has(pid) || !this.#belongs(pid, state)) continue
      this.#members.set(pid, state.start)
      grown = true
    }
    return grown
  }

  #belongs(pid: number, { parent, group, start }: ProcessState): boolean {
    const { ownGroup, running, marker } = this.of
    if (this.#members.has(parent) || (running && ownGroup && group === this.of.pid)) return true
    return start >= this.#since && heldEntriesOf(pid).includes(marker)
  }

  #send(signal: NodeJS.Signals): void {
    for (const pid of this.#members.keys()) {
      try {
        this.of.kill(pid, signal)
      } catch {} // it is dead, or belongs to another user
    }
  }
}
