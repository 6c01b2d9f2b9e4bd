/**
 * `sera doctor`: checks this setup without changing anything, and says how to fix what is wrong. A failure is a finding;
 * only wrong usage is an error.
 */
import { statSync } from 'node:fs'
import { tryGuard } from '../../child/guard-trial.js'
import { spawn } from '../../child/program.js'
import type { RunOptions } from '../../cli/args/options.js'
import { describeDsn } from '../../config/dsn.js'
import type { Resolved } from '../../config/resolve.js'
import type { Settings } from '../../config/settings.js'
import { SeraError } from '../../errors.js'
import type { Host } from '../../host.js'
import { trySyslog } from '../../log/trial.js'
import type { Outcome } from '../../outcome.js'
import type { UnconfiguredTask } from '../../run/context.js'
import type { RunSetup } from '../../run/setup.js'
import { type Diagnosis, type DiagnosisOptions, diagnose } from '../../store/diagnosis.js'
import { supportRules } from '../../store/get-lock/server-support.js'
import { attributesOf } from '../../store/mysql/connect.js'
import { badBecause, type CheckGroup, unknown } from './check.js'
import { type ConfigFacts, configChecks } from './config.js'
import { chosenEngine, engineChecks } from './engine.js'
import { guardCheck, syslogCheck } from './host.js'
import { serverChecks } from './server.js'
import { isHealthy, json, shown, summary } from './show.js'
import { tableChecks } from './tables.js'

export function doctor(_: readonly string[], options: RunOptions, setup: RunSetup): UnconfiguredTask {
  return ({ host }) => checkUp(options, setup, host)
}

/** @throws SeraError usage */
async function checkUp(options: RunOptions, setup: RunSetup, host: Host): Promise<Outcome> {
  const groups = await examine(setup)
  const colour = host.stdout.isTerminal && !host.env.NO_COLOR && host.env.TERM !== 'dumb'
  const look = { columns: host.stdout.columns, colour, quiet: options.quiet }
  host.stdout.write(options.json ? json(groups) : shown(groups, look))
  return isHealthy(groups) ? { kind: 'done' } : { kind: 'sick', reason: summary(groups) }
}

async function examine(setup: RunSetup): Promise<CheckGroup[]> {
  const config = await readConfig(setup)
  const settings = config.resolved?.settings
  const syslog = settings ? settings.syslog : 'not known'
  const facts = typeof syslog === 'object' ? await trySyslog(syslog, spawn) : undefined
  const host = [guardCheck(await tryGuard(setup.host.env.PATH)), syslogCheck(syslog, facts)]
  const servers = config.resolved ? await examineServers(config.resolved, setup) : UNKNOWN_SERVERS
  return [{ group: 'config', checks: configChecks(config) }, ...servers, { group: 'host', checks: host }]
}

/** @throws SeraError usage */
async function readConfig(setup: RunSetup): Promise<ConfigFacts> {
  try {
    return { resolved: await setup.resolve(), modeOf }
  } catch (error) {
    if (!(error instanceof SeraError && error.kind === 'config')) throw error
    return { resolved: undefined, error: error.message, modeOf }
  }
}

function modeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mode
}

const UNKNOWN_SERVERS: readonly CheckGroup[] = [
  { group: 'server', checks: [unknown('connection', 'the settings are not known')] },
]

async function examineServers({ settings, originOf }: Resolved, setup: RunSetup): Promise<CheckGroup[]> {
  const reached = await setup.reach(settings).catch(error => notReached(error))
  if ('group' in reached) return [reached]
  const diagnoses = await Promise.all(reached.servers.map(dsn => diagnose(dsn, optionsOf(reached, setup.host))))
  const needsTables = chosenEngine(reached, diagnoses) === 'lease'
  return [
    ...diagnoses.flatMap(diagnosis => groupsOf(diagnosis, reached, needsTables)),
    { group: 'engine', checks: engineChecks(reached, diagnoses, originOf('engine')) },
  ]
}

/** Only the embedded server can fail here: `reach` starts it. */
function notReached(error: unknown): CheckGroup {
  if (!(error instanceof SeraError)) throw error
  const remedy = 'sera embedded status shows more'
  return { group: 'server', server: 'embedded', checks: [badBecause('connection', error.message, remedy)] }
}

function groupsOf(diagnosis: Diagnosis, settings: Settings, needsTables: boolean): CheckGroup[] {
  const server = describeDsn(diagnosis.dsn)
  const limits = { ...settings, isMember: settings.servers.length > 1 }
  return [
    { group: 'server', server, checks: serverChecks(diagnosis, limits) },
    { group: 'tables', server, checks: tableChecks(diagnosis, needsTables) },
  ]
}

function optionsOf({ engine, leaseMs, allowMultiPrimary }: Settings, { clock, pid }: Host): DiagnosisOptions {
  const rules = supportRules(engine, allowMultiPrimary)
  return { attributes: attributesOf(pid, ['sera', 'doctor']), leaseMs, rules, clock }
}
