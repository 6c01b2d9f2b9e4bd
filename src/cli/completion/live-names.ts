/** Names in use, for completion. There are none if the server does not answer in time. */
import { within } from '../../clock.js'
import type { Host } from '../../host.js'
import { openRetryingClient } from '../../run/open-session.js'
import { readSettings } from '../../run/setup.js'
import { readStatus } from '../../status/read-status.js'
import { parseFlags } from '../args/parse-flags.js'
import type { WantedNames } from './offers.js'

/** How long a person waits after Tab. */
const LIMIT_MS = 1000

export async function liveNames(wanted: WantedNames, host: Host): Promise<readonly string[]> {
  try {
    return await within(host.clock, LIMIT_MS, ask(wanted, host))
  } catch {
    return [] // an error would disturb the line that is being typed
  }
}

async function ask({ kinds, flags }: WantedNames, host: Host): Promise<string[]> {
  const { settings } = await readSettings(host.env, parseFlags(flags), { graceless: true })
  if (settings.server.address.net === 'embedded') return [] // it may have to be started first
  const client = openRetryingClient({ settings, host }, ['sera', 'completion'])
  try {
    const question = kinds.length === 1 ? { kind: kinds[0] } : {}
    const { views } = await readStatus(client, question, { until: host.clock.now() + LIMIT_MS })
    const names = views.filter(({ kind }) => kinds.some(one => one === kind)).map(({ name }) => name)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a name with a line end would be two offers
    return [...new Set(names)].filter(name => !/[\x00-\x1f\x7f]/.test(name)).sort()
  } finally {
    client.close()
  }
}
