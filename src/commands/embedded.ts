/** `sera embedded start|stop|status`: manages the private local server. */
import type { RunOptions } from '../cli/args/options.js'
import { embeddedStatus, startEmbedded, stopEmbedded } from '../embedded/embedded.js'
import type { EmbeddedHost } from '../embedded/program.js'
import { SeraError } from '../errors.js'
import type { UnconfiguredTask } from '../run/context.js'

const ACTIONS = { start: startEmbedded, stop: stopEmbedded, status: embeddedStatus }

export function embedded([action = '']: readonly string[], options: RunOptions): UnconfiguredTask {
  return async ({ host }) => {
    host.stdout.write(await embeddedAnswer(action, options, host))
    return { kind: 'done' }
  }
}

/**
 * Runs the action and returns the text for stdout: one line, with `--json` an object.
 *
 * @throws SeraError `usage`, and the errors of the actions
 */
export async function embeddedAnswer(
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
