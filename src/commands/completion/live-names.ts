/** Names in use, for completion: asked for shortly, and none when the server cannot be asked in that time. */
import { within } from '../../clock.js'
import { take } from '../../status/survey.js'
import { parseFlags } from '../parse-flags.js'
import type { Session } from '../session.js'
import { openCalls } from '../status/question.js'
import type { Wanted } from './offers.js'

/** What a person waits for after a Tab. */
const LIMIT_MS = 1000

export async function liveNames(wanted: Wanted, session: Session): Promise<readonly string[]> {
  try {
    return await within(LIMIT_MS, ask(wanted, session))
  } catch {
    return [] // an error has no place on a line that is being typed
  }
}

async function ask({ kinds, flags }: Wanted, session: Session): Promise<string[]> {
  const { host } = session
  const { settings } = await session.resolve(parseFlags(flags), { graceless: true })
  if (settings.server.address.net === 'embedded') return [] // it would have to be started
  const calls = openCalls({ settings }, host, ['sera', 'completion'])
  try {
    const question = kinds.length === 1 ? { kind: kinds[0] } : {}
    const { sights } = await take(calls, question, { until: host.clock.now() + LIMIT_MS })
    const names = sights.filter(({ kind }) => kinds.some(one => one === kind)).map(({ name }) => name)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a name with a line end would be two offers
    return [...new Set(names)].filter(name => !/[\x00-\x1f\x7f]/.test(name)).sort()
  } finally {
    calls.close()
  }
}
