/** `sera semaphore <name> <delta>`: prints the new value. */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { COUNTER } from '../primitives/counter.js'
import { checkDelta } from '../primitives/names.js'
import { alone } from './alone.js'
import type { Call } from './call.js'
import { counterNews } from './queue-news.js'
import type { Report } from './report.js'
import { wholeNumber } from './run-options.js'
import { keyOf } from './stop.js'

export function counter(words: readonly string[], call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const [name = '', delta = ''] = words
  report.waitMs = call.waitMs
  const stop = {
    key: keyOf('counter', name),
    ask: { units: checkDelta(wholeNumber('<delta>', delta)) },
    waiting: COUNTER,
    preposition: 'for' as const,
    news: counterNews,
    text: (claim: { result: string | undefined } | undefined) => `${claim?.result}\n`,
    facts: (claim: { result: string | undefined } | undefined) => ({ value: Number(claim?.result) }),
  }
  return alone(stop, call, host, report)
}
