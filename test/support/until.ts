/** Waiting for conditions. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface UntilOptions {
  /** Gives up after this long, ms. */
  withinMs?: number
  everyMs?: number
}

/** Calls `ask` until it returns something other than undefined or false, and returns that. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = 30_000, everyMs = 10 }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`not seen in ${withinMs} ms: ${what}`)
    await sleep(everyMs)
  }
}
