/** What is counted of the gateway's work. */

/** How a wait has ended; `gone`: the client, or the gateway, before it. */
export type Ending = 'granted' | 'refused' | 'timed-out' | 'gone' | 'failed'

export interface Meter {
  /** Somebody begins to wait. The function it returns tells how that ended. */
  waits(kind: string): (ending: Ending) => void
}
