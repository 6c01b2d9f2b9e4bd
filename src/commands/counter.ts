/** `sera semaphore <name> <delta>`: prints the new value. */
import { COUNTER } from '../primitives/counter.js'
import { checkDelta } from '../primitives/names.js'
import { type AloneStop, alone } from './alone.js'
import type { Task } from './call.js'
import { counterNews } from './queue-news.js'
import { wholeNumber } from './run-options.js'
import { keyOf } from './stop.js'

export function counter(words: readonly string[]): Task {
  const [name = '', delta = ''] = words
  const stop: AloneStop = {
    key: keyOf('counter', name),
    ask: { units: checkDelta(wholeNumber('<delta>', delta)) },
    waiting: COUNTER,
    preposition: 'for',
    news: counterNews,
    text: claim => `${claim?.result}\n`,
    facts: claim => ({ value: Number(claim?.result) }),
  }
  return (call, host, report) => alone(stop, call, host, report)
}
