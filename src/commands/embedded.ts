/** `sera embedded start|stop|status`: the private local server, for people. */
import { embeddedStatus, startEmbedded, stopEmbedded } from '../embedded/embedded.js'
import type { EmbeddedHost } from '../embedded/program.js'
import { SeraError } from '../errors.js'

const ACTIONS = { start: startEmbedded, stop: stopEmbedded, status: embeddedStatus }

/**
 * Does it and returns what goes to stdout: one line, with `--json` an object.
 *
 * @throws SeraError `usage`, and what the actions throw
 */
export async function embedded(
  action: string,
  { json, force }: { json: boolean; force: boolean },
  host: EmbeddedHost,
): Promise<string> {
  if (!isAction(action)) throw new SeraError('usage', 'usage: sera embedded start|stop|status')
  const { status, line } = await ACTIONS[action](host, { force })
  return json ? `${JSON.stringify(status)}\n` : `${line}\n`
}

function isAction(word: string): word is keyof typeof ACTIONS {
  return Object.hasOwn(ACTIONS, word)
}
