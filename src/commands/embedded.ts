/** `sera embedded start|stop|status`: the private local server, for people. */
import { embeddedStatus, startEmbedded, stopEmbedded } from '../embedded/embedded.js'
import type { EmbeddedHost } from '../embedded/program.js'
import { SeraError } from '../errors.js'

const USAGE = 'usage: sera embedded start|stop|status [--json], stop [--force]'
const ACTIONS = { start: startEmbedded, stop: stopEmbedded, status: embeddedStatus }

/**
 * Does it and returns what goes to stdout: one line, with `--json` an object.
 *
 * @param words what follows `embedded`
 * @throws SeraError `usage`, and what the actions throw
 */
export async function embedded(words: readonly string[], host: EmbeddedHost): Promise<string> {
  const [action = '', ...flags] = words
  if (!isAction(action)) throw new SeraError('usage', USAGE)
  const known = action === 'stop' ? ['--json', '--force'] : ['--json']
  const unknown = flags.find(flag => !known.includes(flag))
  if (unknown !== undefined) throw new SeraError('usage', `${JSON.stringify(unknown)}: ${USAGE}`)
  const { status, line } = await ACTIONS[action](host, { force: flags.includes('--force') })
  return flags.includes('--json') ? `${JSON.stringify(status)}\n` : `${line}\n`
}

function isAction(word: string): word is keyof typeof ACTIONS {
  return Object.hasOwn(ACTIONS, word)
}
