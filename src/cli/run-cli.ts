/** Composition root: argv -> settings -> command -> outcome -> exit code, in this order and once. */

import { parseWait } from '../config/duration.js'
import type { Settings } from '../config/settings.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { lockName } from '../lockname/lockname.js'
import { maskWith } from '../masking/mask.js'
import type { Outcome } from '../outcome.js'
import type { Call } from '../run/context.js'
import { outcomeOf, RunContext } from '../run/context.js'
import { runWithLock } from '../run/run-with-lock.js'
import type { BuiltIn } from './args/built-in.js'
import type { FlagValues } from './args/flags.js'
import type { RunOptions } from './args/options.js'
import { type CommandLine, splitCommandLine } from './args/split-argv.js'
import type { SubcommandLine } from './args/split-subcommand.js'
import type { WantedNames } from './completion/offers.js'
import { sayNews } from './output/messages.js'

/** Runs one command line and returns its exit code. Never rejects. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const context = new RunContext(host)
  try {
    return await context.finish(await dispatch(argv, context))
  } catch (error) {
    if (host.env.SERA_DEBUG && error instanceof Error) host.stderr.write(`${error.stack}\n`)
    return await context.finish(outcomeOf(error))
  }
}

async function dispatch(argv: readonly string[], context: RunContext): Promise<Outcome> {
  refuseBrokenText(argv)
  if (argv[0] === '--get-yargs-completions') return await complete(argv, context)
  const line = splitCommandLine(argv)
  if (line.kind === 'subcommand') return await runSubcommand(line, context)
  const flags = await readFlags(line.flags)
  if (flags.help === true) return await help(context)
  if (flags.version === true) return await version(context)
  if (line.kind === 'classic') return await runClassic(line, flags, context.takeOptions(flags), context)
  throw new SeraError('usage', 'nothing to run; usage: sera [flags] [--] <wait> <command> [args…], see sera --help')
}

async function runClassic(
  line: CommandLine & { kind: 'classic' },
  flags: FlagValues,
  options: RunOptions,
  context: RunContext,
): Promise<Outcome> {
  const waitMs = waitOf(line.wait)
  const { command } = line
  const { printLockName, name } = options
  const settings = await context.configure(flags, { serverless: printLockName, data: printLockName })
  const shown = maskWith(settings.mask)(command)
  context.report.command = shown
  if (printLockName) return print(context, `${lockName(command, { name, namespace: settings.namespace })}\n`)
  const call = await callOf(context, { command, shown, waitMs, options, settings })
  return await runWithLock(call, context.host, context.report)
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

type Plan = Omit<Call, 'voice' | 'warn' | 'note' | 'log'>

/** The call of what goes to a database. */
async function callOf(context: RunContext, plan: Plan): Promise<Call> {
  return withVoice(context, { ...plan, settings: await reachable(plan.settings, context) })
}

function withVoice(context: RunContext, plan: Plan): Call {
  return {
    ...plan,
    voice: context.voice,
    warn: message => context.warn(message),
    note: message => context.note(message),
    log: (severity, fields) => context.log(severity, fields),
  }
}

/** The embedded server is started by whoever comes first and named by its socket. */
async function reachable(settings: Settings, context: RunContext): Promise<Settings> {
  if (settings.server.address.net !== 'embedded') return settings
  const { ensureEmbedded } = await import('../embedded/ensure.js')
  const { socketPath, user, database } = await ensureEmbedded(context.host)
  sayNews(context.host, context.voice, 'the embedded server guards this host only')
  const server: Settings['server'] = { ...settings.server, user, database, address: { net: 'unix', path: socketPath } }
  return { ...settings, server, servers: [server] }
}

async function runSubcommand(line: CommandLine & { kind: 'subcommand' }, context: RunContext): Promise<Outcome> {
  const [name = ''] = line.words
  const builtIn = (await import('./args/built-in.js')).builtInNamed(name)
  if (builtIn) return await runBuiltIn(builtIn, line.words.slice(1), context)
  const split = (await import('./args/split-subcommand.js')).splitSubcommand(line)
  const flags = await readFlags(split.flags)
  if (split.kind === 'question') return flags.help ? await help(context, name) : await version(context)
  return await runForm(split, flags, ['sera', name, ...split.words], context)
}

async function runBuiltIn(name: BuiltIn, words: readonly string[], context: RunContext): Promise<Outcome> {
  if (words.some(word => word === '--help' || word === '-h')) return await help(context)
  const argument = (await import('./args/built-in.js')).argumentOf(name, words)
  if (name === 'version') return await version(context)
  if (name === 'help') return await help(context, argument)
  const { completionScript } = await import('./completion/scripts.js')
  return print(context, completionScript(argument ?? context.host.env.SHELL))
}

async function runForm(
  line: SubcommandLine,
  flags: FlagValues,
  typed: readonly string[],
  context: RunContext,
): Promise<Outcome> {
  const { form, words, wait, command } = line
  const options = context.takeOptions(flags)
  switch (form.name) {
    case 'embedded':
    case 'embedded stop': {
      const { embedded } = await import('../commands/embedded.js')
      return print(context, await embedded(words[0] ?? '', options, context.host))
    }
    case 'doctor': {
      const { doctor } = await import('../commands/doctor/doctor.js')
      return await doctor({ flags, options, context, reach: settings => reachable(settings, context) })
    }
    case 'schema': {
      const { server } = await context.configure(flags, { serverless: true, graceless: true, data: true })
      return print(context, (await import('../commands/schema.js')).schema(server))
    }
    case 'pool': {
      const { pool } = await import('../commands/pool/pool.js')
      const task = pool(options)
      const settings = await context.configure(flags, { serverless: true })
      const waitMs = options.waitMs ?? 0
      const call = withVoice(context, { command, shown: maskWith(settings.mask)(command), waitMs, options, settings })
      return await task(call, context.host, context.report)
    }
    case 'serve': {
      const { serve } = await import('../commands/serve/serve.js')
      const task = serve(options)
      const settings = await context.configure(flags, { graceless: true, data: true })
      const call = await callOf(context, {
        command,
        shown: typed,
        waitMs: options.waitMs ?? Number.POSITIVE_INFINITY,
        options,
        settings,
      })
      return await task(call, context.host)
    }
    default: {
      const { PREPARE } = await import('../commands/index.js')
      const task = PREPARE[form.name](words, options)
      const waitMs = wait === undefined ? (options.waitMs ?? Number.POSITIVE_INFINITY) : waitOf(wait)
      const settings = await context.configure(flags, { graceless: !form.wraps, data: !form.wraps })
      const call = await callOf(context, {
        command,
        shown: maskWith(settings.mask)(form.wraps ? command : typed),
        waitMs,
        options,
        settings,
      })
      return await task(call, context.host, context.report)
    }
  }
}

async function readFlags(flags: readonly string[]): Promise<FlagValues> {
  if (flags.length === 0) return {}
  return (await import('./args/parse-flags.js')).parseFlags(flags)
}

async function help(context: RunContext, about?: string): Promise<Outcome> {
  const { helpText } = await import('./help.js')
  return print(context, await helpText(context.host.stdout.columns, about))
}

async function version(context: RunContext): Promise<Outcome> {
  return print(context, `sera ${(await import('../version.js')).VERSION}\n`)
}

async function complete(argv: readonly string[], context: RunContext): Promise<Outcome> {
  const { completions } = await import('./completion/offers.js')
  const ask = async (wanted: WantedNames) => (await import('./completion/live-names.js')).liveNames(wanted, context)
  return print(context, await completions(argv.slice(1), ask))
}

function print(context: RunContext, text: string): Outcome {
  context.host.stdout.write(text)
  return { kind: 'done' }
}

/** Node and Bun replace bytes that are no UTF-8; the command would get other arguments than were typed. */
function refuseBrokenText(argv: readonly string[]): void {
  if (argv.some(word => word.includes('\uFFFD'))) {
    throw new SeraError('usage', 'an argument is not valid UTF-8; sera could not pass it on unchanged')
  }
}
