/** The composition root: argv -> command line -> options -> task -> settings -> outcome -> exit code. */
import { LOAD } from '../commands/index.js'
import { parseWait } from '../config/duration.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { type Outcome, outcomeOf } from '../outcome.js'
import { clearOutcomeFile, finish } from '../run/finish.js'
import { RunSetup } from '../run/setup.js'
import { type Invocation, readCommandLine } from './args/command-line.js'
import type { RunOptions } from './args/options.js'

/** Runs one command line and returns its exit code. Never rejects. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const setup = new RunSetup(host)
  try {
    return await finish(setup, await carryOut(argv, setup))
  } catch (error) {
    if (host.env.SERA_DEBUG && error instanceof Error) host.stderr.write(`${error.stack}\n`)
    return await finish(setup, outcomeOf(error))
  }
}

async function carryOut(argv: readonly string[], setup: RunSetup): Promise<Outcome> {
  const line = await readCommandLine(argv)
  if (line.kind === 'question') {
    setup.host.stdout.write(await (await import('./answer.js')).answer(line, setup.host))
    return { kind: 'done' }
  }
  const options = setup.takeOptions(line.flags)
  clearOutcomeFile(options)
  const prepare = await LOAD[line.form.name]()
  const task = prepare(line.words, options, setup)
  const waitMs = waitOf(line, options)
  return await task(await setup.contextOf(line, options, waitMs))
}

/** @throws SeraError usage */
function waitOf({ wait, form }: Invocation, options: RunOptions): number {
  if (wait === undefined) return options.waitMs ?? (form.atOnce ? 0 : Number.POSITIVE_INFINITY)
  const waitMs = parseWait(wait)
  if (waitMs !== undefined) return waitMs
  throw new SeraError(
    'usage',
    `<wait> must be 0, 90, 1.5, 500ms, 90s, 5m, 1h30m or forever, not ${JSON.stringify(wait)}`,
  )
}
