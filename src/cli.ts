/** Composition root: argv -> settings -> command -> outcome -> exit code, in this order and once. */
import { type CommandLine, splitCommandLine } from './commands/argv.js'
import { classic } from './commands/classic.js'
import type { FlagValues } from './commands/flags.js'
import { sayNews } from './commands/messages.js'
import type { RunOptions } from './commands/run-options.js'
import { outcomeOf, Session } from './commands/session.js'
import { parseWait } from './config/duration.js'
import type { Settings } from './config/settings.js'
import { SeraError } from './errors.js'
import type { Host } from './host.js'
import { lockName } from './lockname/lockname.js'
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
  const flags = await readFlags(line)
  if (flags.help === true) return await help(session)
  if (flags.version === true) return await version(session)
  switch (line.kind) {
    case 'classic':
      return await runClassic(line, flags, session.takeOptions(flags), session)
    case 'subcommand':
      return await runSubcommand(line.words, session)
    case 'bare':
      throw new SeraError('usage', 'nothing to run; usage: sera [flags] [--] <wait> <command> [args…], see sera --help')
  }
}

async function runClassic(
  line: CommandLine & { kind: 'classic' },
  flags: FlagValues,
  options: RunOptions,
  session: Session,
): Promise<Outcome> {
  const waitMs = parseWait(line.wait)
  if (waitMs === undefined) {
    throw new SeraError(
      'usage',
      `<wait> is ${JSON.stringify(line.wait)}; it takes 0, 90, 1.5, 500ms, 90s, 5m, 1h30m or forever`,
    )
  }
  const { command } = line
  const settings = await session.configure(flags)
  session.report.command = command
  if (options.printLockName) {
    return print(session, `${lockName(command, { name: options.name, namespace: settings.namespace })}\n`)
  }
  const warn = (message: string) => session.warn(message)
  const call = { command, waitMs, options, settings: await reachable(settings, session), voice: session.voice, warn }
  return await classic(call, session.host, session.report)
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

async function runSubcommand([name = '', ...words]: string[], session: Session): Promise<Outcome> {
  if (words.some(word => word === '--help' || word === '-h')) return await help(session)
  switch (name) {
    case 'help':
      return await help(session)
    case 'version':
      return await version(session)
    case 'embedded': {
      const { embedded } = await import('./commands/embedded.js')
      return print(session, await embedded(words, session.host))
    }
    case 'completion': {
      ;(await import('./commands/parse-flags.js')).printCompletionScript()
      return { kind: 'done' }
    }
    default:
      throw new SeraError('usage', LATER.includes(name) ? notYet(`"sera ${name}"`) : neither(name))
  }
}

const LATER = [
  ...['rwlock', 'semaphore', 'sem', 'barrier', 'br', 'gate', 'rendezvous', 'sync', 'once', 'pool', 'serve'],
  ...['status', 'history', 'break', 'verify', 'doctor', 'schema'],
]

function notYet(what: string): string {
  return `${what} is not in this version of sera yet; it needs the lock tables, which come next`
}

function neither(name: string): string {
  return `${JSON.stringify(name)} is neither a <wait> (0, 90, 500ms, 5m, forever) nor a subcommand; see sera --help`
}

async function readFlags({ flags }: CommandLine): Promise<FlagValues> {
  if (flags.length === 0) return {}
  return (await import('./commands/parse-flags.js')).parseFlags(flags)
}

async function help(session: Session): Promise<Outcome> {
  const { helpText } = await import('./commands/parse-flags.js')
  return print(session, await helpText(session.host.stdout.columns))
}

async function version(session: Session): Promise<Outcome> {
  return print(session, `sera ${(await import('./version.js')).VERSION}\n`)
}

async function complete(argv: readonly string[], session: Session): Promise<Outcome> {
  const { completions } = await import('./commands/parse-flags.js')
  return print(session, await completions(argv.slice(1)))
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
