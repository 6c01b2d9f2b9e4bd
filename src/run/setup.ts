/** The setup of a run: it collects options and settings on the way from argv to the task. */
import type { Invocation, Needs } from '../cli/args/command-line.js'
import type { FlagValues } from '../cli/args/flags.js'
import { type RunOptions, runOptions, settingFlags } from '../cli/args/options.js'
import { Messages } from '../cli/output/messages.js'
import type { Report } from '../cli/output/report.js'
import { type Resolved, resolveSettings } from '../config/resolve.js'
import type { Settings } from '../config/settings.js'
import type { Host } from '../host.js'
import { maskWith } from '../masking/mask.js'
import type { RunContext } from './context.js'

export class RunSetup {
  readonly report: Partial<Report> = {}
  readonly messages: Messages
  options: RunOptions | undefined
  settings: Settings | undefined
  #flags: FlagValues = {}

  constructor(readonly host: Host) {
    this.messages = new Messages(host, this.report)
  }

  /** Checks the flags of this run. @throws SeraError usage */
  takeOptions(flags: FlagValues): RunOptions {
    this.#flags = flags
    this.options = runOptions(flags)
    this.messages.voice = { verbose: flags.verbose === true ? 'stderr' : false, quiet: this.options.quiet }
    return this.options
  }

  /** The context for the task. @throws SeraError config, usage, lock-failed */
  async contextOf({ form, command, typed }: Invocation, options: RunOptions, waitMs: number): Promise<RunContext> {
    const { host, messages, report } = this
    const known = { host, messages, report, options, command, waitMs }
    if (form.settings === 'unread') return { ...known, shown: typed, settings: UNREAD }
    const settings = await this.#configure(form)
    const shown = maskWith(settings.mask)(form.wraps ? command : typed)
    if (form.wraps) report.command = shown
    return { ...known, shown, settings: form.settings === 'offline' ? settings : await this.reach(settings) }
  }

  async #configure({ settings: from, wraps, data = !wraps }: Needs): Promise<Settings> {
    const { settings, warnings } = await this.resolve({ serverless: from === 'offline', graceless: !wraps })
    this.messages.voice.verbose = data && settings.verbose ? 'stderr' : settings.verbose
    for (const warning of warnings) this.messages.warn(warning)
    return settings
  }

  /** Combines config file, environment and flags, without a message. @throws SeraError config, usage */
  async resolve(purpose: Purpose = {}): Promise<Resolved> {
    const resolved = await readSettings(this.host.env, this.#flags, purpose)
    this.settings = resolved.settings
    this.messages.syslog = this.settings.syslog
    return resolved
  }

  /** Settings with the address of a server. The first run that needs the embedded server starts it. */
  async reach(settings: Settings): Promise<Settings> {
    if (settings.server.address.net !== 'embedded') return settings
    const { ensureEmbedded } = await import('../embedded/ensure.js')
    const { socketPath, user, database } = await ensureEmbedded(this.host)
    this.messages.news('the embedded server guards this host only')
    const address = { net: 'unix', path: socketPath } as const
    const server: Settings['server'] = { ...settings.server, user, database, address }
    return { ...settings, server, servers: [server] }
  }
}

/** An `UnconfiguredTask` does not read the settings. */
const UNREAD = undefined as unknown as Settings

/** The purpose of the settings. */
interface Purpose {
  /** The run asks no server. */
  serverless?: boolean
  /** The run has no command to end. */
  graceless?: boolean
}

/** @throws SeraError config, usage */
export async function readSettings(
  env: NodeJS.ProcessEnv,
  flags: FlagValues,
  { serverless = false, graceless = false }: Purpose,
): Promise<Resolved> {
  return await resolveSettings({ env, flags: settingFlags(flags), serverless, graceless })
}
