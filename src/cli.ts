/** Composition root: argv -> settings -> command -> outcome -> exit code, in this order and once. */
import { type CommandLine, splitCommandLine } from './commands/argv.js'
import type { BuiltIn } from './commands/built-in.js'
import type { Call } from './commands/call.js'
import { classic } from './commands/classic.js'
import type { Wanted } from './commands/completion/offers.js'
import type { FlagValues } from './commands/flags.js'
import { sayNews } from './commands/messages.js'
import type { RunOptions } from './commands/run-options.js'
import { outcomeOf, Session } from './commands/session.js'
import type { SubcommandLine } from './commands/subcommand-line.js'
import { parseWait } from './config/duration.js'
import type { Settings } from './config/settings.js'
import { SeraError } from './errors.js'
import type { Host } from './host.js'
import { lockName } from './lockname/lockname.js'
import { maskWith } from './masking/mask.js'
import type { Outcome } from './outcome.js'

/** Runs one command line and returns its exit code. Never rejects. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const session = new Session(host)
  try {
    return await session.finish(await dispatch(argv, session))
  } catch (error) {
    if (host.env.SERA_DEBUG && error instanceof Error) host.stderr.write(`${error.stack}\n`)
    return await session.finish(outcomeOf(error))
  }
}

async function dispatch(argv: readonly string[], session: Session): Promise<Outcome> {
  refuseBrokenText(argv)
  if (argv[0] === '--get-yargs-completions') return await complete(argv, session)
  const line = splitCommandLine(argv)
  if (line.kind === 'subcommand') return await runSubcommand(line, session)
  const flags = await readFlags(line.flags)
  if (flags.help === true) return await help(session)
  if (flags.version === true) return await version(session)
  if (line.kind === 'classic') return await runClassic(line, flags, session.takeOptions(flags), session)
  throw new SeraError('usage', 'nothing to run; usage: sera [flags] [--] <wait> <command> [args…], see sera --help')
}

async function runClassic(
  line: CommandLine & { kind: 'classic' },
  flags: FlagValues,
  options: RunOptions,
  session: Session,
): Promise<Outcome> {
  const waitMs = waitOf(line.wait)
  const { command } = line
  const { printLockName, name } = options
  const settings = await session.configure(flags, { serverless: printLockName, data: printLockName })
  const shown = maskWith(settings.mask)(command)
  session.report.command = shown
  if (printLockName) return print(session, `${lockName(command, { name, namespace: settings.namespace })}\n`)
  const call = await callOf(session, { command, shown, waitMs, options, settings })
  return await classic(call, session.host, session.report)
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
async function callOf(session: Session, plan: Plan): Promise<Call> {
  return voiced(session, { ...plan, settings: await reachable(plan.settings, session) })
}

function voiced(session: Session, plan: Plan): Call {
  return {
    ...plan,
    voice: session.voice,
    warn: message => session.warn(message),
    note: message => session.note(message),
    log: (severity, fields) => session.log(severity, fields),
  }
}

/** The embedded server is started by whoever comes first and named by its socket. */
async function reachable(settings: Settings, session: Session): Promise<Settings> {
  if (settings.server.address.net !== 'embedded') return settings
  const { ensureEmbedded } = await import('./embedded/ensure.js')
  const { socketPath, user, database } = await ensureEmbedded(session.host)
  sayNews(session.host, session.voice, 'the embedded server guards this host only')
  const server: Settings['server'] = { ...settings.server, user, database, address: { net: 'unix', path: socketPath } }
  return { ...settings, server, servers: [server] }
}

async function runSubcommand(line: CommandLine & { kind: 'subcommand' }, session: Session): Promise<Outcome> {
  const [name = ''] = line.words
  const builtIn = (await import('./commands/built-in.js')).builtInNamed(name)
  if (builtIn) return await runBuiltIn(builtIn, line.words.slice(1), session)
  const split = (await import('./commands/subcommand-line.js')).splitSubcommand(line)
  const flags = await readFlags(split.flags)
  if (split.kind === 'question') return flags.help ? await help(session, name) : await version(session)
  return await runForm(split, flags, ['sera', name, ...split.words], session)
}

async function runBuiltIn(name: BuiltIn, words: readonly string[], session: Session): Promise<Outcome> {
  if (words.some(word => word === '--help' || word === '-h')) return await help(session)
  const argument = (await import('./commands/built-in.js')).argumentOf(name, words)
  if (name === 'version') return await version(session)
  if (name === 'help') return await help(session, argument)
  const { completionScript } = await import('./commands/completion/scripts.js')
  return print(session, completionScript(argument ?? session.host.env.SHELL))
}

async function runForm(
  line: SubcommandLine,
  flags: FlagValues,
  typed: readonly string[],
  session: Session,
): Promise<Outcome> {
  const { form, words, wait, command } = line
  const options = session.takeOptions(flags)
  switch (form.name) {
    case 'embedded':
    case 'embedded stop': {
      const { embedded } = await import('./commands/embedded.js')
      return print(session, await embedded(words[0] ?? '', options, session.host))
    }
    case 'doctor': {
      const { doctor } = await import('./commands/doctor.js')
      return await doctor({ flags, options, session, reach: settings => reachable(settings, session) })
    }
    case 'schema': {
      const { server } = await session.configure(flags, { serverless: true, graceless: true, data: true })
      return print(session, (await import('./commands/schema.js')).schema(server))
    }
    case 'pool': {
      const { pool } = await import('./commands/pool.js')
      const task = pool(options)
      const settings = await session.configure(flags, { serverless: true })
      const waitMs = options.waits ? options.waitMs : 0
      const call = voiced(session, { command, shown: maskWith(settings.mask)(command), waitMs, options, settings })
      return await task(call, session.host, session.report)
    }
    case 'serve': {
      const { serve } = await import('./commands/serve.js')
      const task = serve(options)
      const settings = await session.configure(flags, { graceless: true, data: true })
      const call = await callOf(session, { command, shown: typed, waitMs: options.waitMs, options, settings })
      return await task(call, session.host)
    }
    default: {
      const { PREPARE } = await import('./commands/subcommand.js')
      const task = PREPARE[form.name](words, options)
      const waitMs = wait === undefined ? options.waitMs : waitOf(wait)
      const settings = await session.configure(flags, { graceless: !form.wraps, data: !form.wraps })
      const call = await callOf(session, {
        command,
        shown: maskWith(settings.mask)(form.wraps ? command : typed),
        waitMs,
        options,
        settings,
      })
      return await task(call, session.host, session.report)
    }
  }
}

async function readFlags(flags: readonly string[]): Promise<FlagValues> {
  if (flags.length === 0) return {}
  return (await import('./commands/parse-flags.js')).parseFlags(flags)
}

async function help(session: Session, about?: string): Promise<Outcome> {
  const { helpText } = await import('./commands/help.js')
  return print(session, await helpText(session.host.stdout.columns, about))
}

async function version(session: Session): Promise<Outcome> {
  return print(session, `sera ${(await import('./version.js')).VERSION}\n`)
}

async function complete(argv: readonly string[], session: Session): Promise<Outcome> {
  const { completions } = await import('./commands/completion/offers.js')
  const ask = async (wanted: Wanted) => (await import('./commands/completion/live-names.js')).liveNames(wanted, session)
  return print(session, await completions(argv.slice(1), ask))
}

function print(session: Session, text: string): Outcome {
  session.host.stdout.write(text)
  return { kind: 'done' }
}

/** Node and Bun replace bytes that are no UTF-8; the command would get other arguments than were typed. */
function refuseBrokenText(argv: readonly string[]): void {
  if (argv.some(word => word.includes('\uFFFD'))) {
    throw new SeraError('usage', 'an argument is not valid UTF-8; sera could not pass it on unchanged')
  }
}
