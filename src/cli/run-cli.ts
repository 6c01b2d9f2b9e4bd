/** Composition root: argv -> settings -> command -> outcome -> exit code, in this order and once. */

import { classic } from '../commands/classic/classic.js'
import { parseWait } from '../config/duration.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { lockName } from '../lockname/lockname.js'
import { maskWith } from '../masking/mask.js'
import { type Outcome, outcomeOf } from '../outcome.js'
import type { RunContext } from '../run/context.js'
import { clearOutcomeFile, finish } from '../run/finish.js'
import { RunSetup } from '../run/setup.js'
import type { BuiltIn } from './args/built-in.js'
import type { FlagValues } from './args/flags.js'
import type { RunOptions } from './args/options.js'
import { type CommandLine, splitCommandLine } from './args/split-argv.js'
import type { SubcommandLine } from './args/split-subcommand.js'
import type { WantedNames } from './completion/offers.js'

/** Runs one command line and returns its exit code. Never rejects. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const setup = new RunSetup(host)
  try {
    return await finish(setup, await dispatch(argv, setup))
  } catch (error) {
    if (host.env.SERA_DEBUG && error instanceof Error) host.stderr.write(`${error.stack}\n`)
    return await finish(setup, outcomeOf(error))
  }
}

async function dispatch(argv: readonly string[], setup: RunSetup): Promise<Outcome> {
  refuseBrokenText(argv)
  if (argv[0] === '--get-yargs-completions') return await complete(argv, setup)
  const line = splitCommandLine(argv)
  if (line.kind === 'subcommand') return await runSubcommand(line, setup)
  const flags = await readFlags(line.flags)
  if (flags.help === true) return await help(setup)
  if (flags.version === true) return await version(setup)
  if (line.kind === 'classic') return await runClassic(line, takeOptions(flags, setup), setup)
  throw new SeraError('usage', 'nothing to run; usage: sera [flags] [--] <wait> <command> [args…], see sera --help')
}

async function runClassic(
  line: CommandLine & { kind: 'classic' },
  options: RunOptions,
  setup: RunSetup,
): Promise<Outcome> {
  const waitMs = waitOf(line.wait)
  const { command } = line
  const { printLockName, name } = options
  const settings = await setup.configure({ serverless: printLockName, data: printLockName })
  const shown = maskWith(settings.mask)(command)
  setup.report.command = shown
  if (printLockName) return print(setup, `${lockName(command, { name, namespace: settings.namespace })}\n`)
  return await classic(await contextOf(setup, { command, shown, waitMs, options, settings }))
}

/** @throws SeraError usage */
function waitOf(text: string): number {
  const waitMs = parseWait(text)
  if (waitMs !== undefined) return waitMs
  throw new SeraError(
    'usage',
    `<wait> is ${JSON.stringify(text)}; it takes 0, 90, 1.5, 500ms, 90s, 5m, 1h30m or forever`,
  )
}

function takeOptions(flags: FlagValues, setup: RunSetup): RunOptions {
  const options = setup.takeOptions(flags)
  clearOutcomeFile(options)
  return options
}

/** The context of what goes to a database. */
async function contextOf(
  setup: RunSetup,
  known: Omit<RunContext, 'host' | 'messages' | 'report'>,
): Promise<RunContext> {
  const { host, messages, report } = setup
  return { host, messages, report, ...known, settings: await setup.reach(known.settings) }
}

async function runSubcommand(line: CommandLine & { kind: 'subcommand' }, setup: RunSetup): Promise<Outcome> {
  const [name = ''] = line.words
  const builtIn = (await import('./args/built-in.js')).builtInNamed(name)
  if (builtIn) return await runBuiltIn(builtIn, line.words.slice(1), setup)
  const split = (await import('./args/split-subcommand.js')).splitSubcommand(line)
  const flags = await readFlags(split.flags)
  if (split.kind === 'question') return flags.help ? await help(setup, name) : await version(setup)
  return await runForm(split, flags, ['sera', name, ...split.words], setup)
}

async function runBuiltIn(name: BuiltIn, words: readonly string[], setup: RunSetup): Promise<Outcome> {
  if (words.some(word => word === '--help' || word === '-h')) return await help(setup)
  const argument = (await import('./args/built-in.js')).argumentOf(name, words)
  if (name === 'version') return await version(setup)
  if (name === 'help') return await help(setup, argument)
  const { completionScript } = await import('./completion/scripts.js')
  return print(setup, completionScript(argument ?? setup.host.env.SHELL))
}

async function runForm(
  line: SubcommandLine,
  flags: FlagValues,
  typed: readonly string[],
  setup: RunSetup,
): Promise<Outcome> {
  const { form, words, wait, command } = line
  const options = takeOptions(flags, setup)
  switch (form.name) {
    case 'embedded':
    case 'embedded stop': {
      const { embedded } = await import('../commands/embedded.js')
      return print(setup, await embedded(words[0] ?? '', options, setup.host))
    }
    case 'doctor': {
      const { doctor } = await import('../commands/doctor/doctor.js')
      return await doctor(options, setup)
    }
    case 'schema': {
      const { server } = await setup.configure({ serverless: true, graceless: true, data: true })
      return print(setup, (await import('../commands/schema.js')).schema(server))
    }
    case 'pool': {
      const { pool } = await import('../commands/pool/pool.js')
      const task = pool(options)
      const settings = await setup.configure({ serverless: true })
      const waitMs = options.waits ? options.waitMs : 0
      const { host, messages, report } = setup
      const shown = maskWith(settings.mask)(command)
      return await task({ host, messages, report, command, shown, waitMs, options, settings })
    }
    case 'serve': {
      const { serve } = await import('../commands/serve/serve.js')
      const task = serve(options)
      const settings = await setup.configure({ graceless: true, data: true })
      return await task(await contextOf(setup, { command, shown: typed, waitMs: options.waitMs, options, settings }))
    }
    default: {
      const { PREPARE } = await import('../commands/index.js')
      const task = PREPARE[form.name](words, options)
      const waitMs = wait === undefined ? options.waitMs : waitOf(wait)
      const settings = await setup.configure({ graceless: !form.wraps, data: !form.wraps })
      const shown = maskWith(settings.mask)(form.wraps ? command : typed)
      if (form.wraps) setup.report.command = shown
      const context = await contextOf(setup, {
        command,
        shown,
        waitMs,
        options,
        settings,
      })
      return await task(context)
    }
  }
}

async function readFlags(flags: readonly string[]): Promise<FlagValues> {
  if (flags.length === 0) return {}
  return (await import('./args/parse-flags.js')).parseFlags(flags)
}

async function help(setup: RunSetup, about?: string): Promise<Outcome> {
  const { helpText } = await import('./help.js')
  return print(setup, await helpText(setup.host.stdout.columns, about))
}

async function version(setup: RunSetup): Promise<Outcome> {
  return print(setup, `sera ${(await import('../version.js')).VERSION}\n`)
}

async function complete(argv: readonly string[], setup: RunSetup): Promise<Outcome> {
  const { completions } = await import('./completion/offers.js')
  const ask = async (wanted: WantedNames) => (await import('./completion/live-names.js')).liveNames(wanted, setup.host)
  return print(setup, await completions(argv.slice(1), ask))
}

function print(setup: RunSetup, text: string): Outcome {
  setup.host.stdout.write(text)
  return { kind: 'done' }
}

/** Node and Bun replace bytes that are no UTF-8; the command would get other arguments than were typed. */
function refuseBrokenText(argv: readonly string[]): void {
  if (argv.some(word => word.includes('\uFFFD'))) {
    throw new SeraError('usage', 'an argument is not valid UTF-8; sera could not pass it on unchanged')
  }
}
