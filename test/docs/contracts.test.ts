/** README and docs/syslog.md agree with the code. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Flag } from '../../src/cli/args/flag.js'
import { FLAGS } from '../../src/cli/args/flags.js'
import { runOptions } from '../../src/cli/args/options.js'
import { splitCommandLine } from '../../src/cli/args/split-argv.js'
import { splitSubcommand } from '../../src/cli/args/split-subcommand.js'
import { auditFields, severityOf } from '../../src/cli/output/report.js'
import { parseDsn } from '../../src/config/dsn.js'
import { formatDuration } from '../../src/config/duration.js'
import { readConfigFile } from '../../src/config/file.js'
import { resolveSettings } from '../../src/config/resolve.js'
import { flagOf, SETTING_NAMES, variableOf } from '../../src/config/settings.js'
import { EXIT_CODES, exitCodeOf, type Outcome, type OutcomeKind } from '../../src/outcome.js'
import { fenced, indented, table, textOf } from './markdown.js'

const README = 'README.md'
const flags: readonly Flag[] = FLAGS

const OUTCOMES: { [Kind in OutcomeKind]: Outcome & { kind: Kind } } = {
  ran: { kind: 'ran', exitCode: 7 },
  skipped: { kind: 'skipped' },
  'taken-over': { kind: 'taken-over', exitCode: 0, reason: '' },
  done: { kind: 'done' },
  broke: { kind: 'broke' },
  'timed-out': { kind: 'timed-out' },
  interrupted: { kind: 'interrupted', signal: 'SIGTERM' },
  config: { kind: 'config', reason: '' },
  usage: { kind: 'usage', reason: '' },
  'lock-failed': { kind: 'lock-failed', reason: '' },
  'not-started': { kind: 'not-started', reason: '' },
  lost: { kind: 'lost', reason: '' },
  overran: { kind: 'overran', reason: '' },
  conflict: { kind: 'conflict', reason: '' },
  stale: { kind: 'stale', reason: '' },
  sick: { kind: 'sick', reason: '' },
  unwritten: { kind: 'unwritten', reason: '' },
}

test('README lists every exit code with the meaning from the code', t => {
  const inCode = Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), meaning])
  t.deepEqual(table(README, 'Code'), inCode)
})

test('README lists every flag', t => {
  const spelled = ({ name, value, short }: Flag) => `--${name}${value ? ` ${value}` : ''}${short ? `, -${short}` : ''}`
  t.deepEqual(
    table(README, 'Flag')
      .map(([flag]) => flag)
      .sort(),
    flags.map(spelled).sort(),
  )
})

test('README mentions no flag that does not exist', t => {
  const known = new Set(flags.map(({ name }) => name))
  const examples = [...indented(README), ...fenced(README, 'console').flatMap(block => block.split('\n'))]
  const used = examples.flatMap(line => line.match(/(?<=\bsera [^|;&]*)--[a-z][a-z-]+/g) ?? [])
  t.true(used.length > 10)
  for (const flag of used) t.true(known.has(flag.slice(2)) || flag === '--force', flag)
})

test('README lists every setting with its variable and flag', t => {
  const isFlag = (name: string) => flags.some(flag => `--${flag.name}` === name)
  const inCode = SETTING_NAMES.map(name => [name, variableOf(name), isFlag(flagOf(name)) ? flagOf(name) : ''])
  t.deepEqual(
    table(README, 'Key').map(row => row.slice(0, 3)),
    inCode,
  )
})

test('README states the defaults of the code', async t => {
  const { settings } = await resolveSettings({ env: { SERA_SERVER: 'embedded' }, file: '/no/such/file' })
  const { engine, onLost, audit, verbose, allowMultiPrimary, waitAndSkip, detailedExitCodes } = settings
  const inCode: Record<string, unknown> = {
    ...{ engine, onLost, audit, verbose, allowMultiPrimary, waitAndSkip, detailedExitCodes },
    syslog: settings.syslog ?? false,
    lease: formatDuration(settings.leaseMs),
    grace: formatDuration(settings.graceMs),
    connectWait: formatDuration(settings.connectWaitMs),
    maxClockSkew: formatDuration(settings.maxClockSkewMs),
    history: formatDuration(settings.history?.keepMs ?? 0),
  }
  for (const [key = '', , , shown] of table(README, 'Key')) t.is(shown, String(inCode[key] ?? ''), key)
})

test('README names exactly the variables of the code', t => {
  const variables = (text: string) => new Set(text.match(/\bSERA_[A-Z_]+\b/g))
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  const inCode = variables(sources.map(file => readFileSync(join('src', file), 'utf8')).join('\n'))
  for (const name of [...SETTING_NAMES, 'config'] as const) inCode.add(variableOf(name))
  inCode.delete('SERA_SIGIGN') // between bin/sera and sera
  inCode.delete('SERA_ENVIRONMENT') // between sera and the shell that becomes the command
  inCode.delete('SERA_CONTENTION') // the code of an error
  t.deepEqual([...variables(textOf(README))].sort(), [...inCode].sort())
})

test('README lists the fields of the audit line in their order', t => {
  const fields = Object.keys(auditFields({ outcome: OUTCOMES['timed-out'], exitCode: 204 }))
  t.deepEqual(
    table(README, 'Field').map(([field]) => field),
    fields,
  )
  const example = indented(README).find(line => line.startsWith('outcome='))
  const shown: string[] = example?.match(/\b[a-z]+(?==)/g) ?? []
  t.true(shown.length > 5)
  t.deepEqual(
    shown,
    fields.filter(field => shown.includes(field)),
  )
})

test('docs/syslog.md lists every outcome with its severity and code', t => {
  const rows = table('docs/syslog.md', 'outcome')
  t.deepEqual(rows.map(([kind]) => kind).sort(), Object.keys(OUTCOMES).sort())
  for (const [kind, severity, code = ''] of rows) {
    const outcome = OUTCOMES[kind as OutcomeKind]
    t.is(severity, severityOf(outcome), kind)
    if (kind !== 'ran' && kind !== 'interrupted') t.regex(code, new RegExp(`\\b${exitCodeOf(outcome)}\\b`), kind)
  }
})

test('docs/doctor.md lists exactly the checks of doctor', t => {
  const folder = 'src/commands/doctor'
  const sources = readdirSync(folder).map(file => readFileSync(join(folder, file), 'utf8'))
  const call = /\b(?:good|warning|bad|unknown|badBecause|check|use)\('([a-z_ ]+)'|\bname(?::| =) '(\w+)'/gi
  const made = sources.flatMap(text => [...text.matchAll(call)].map(([, called, named]) => called ?? named))
  const listed = table('docs/doctor.md', 'Group').map(([, name]) => name)
  t.deepEqual([...new Set(listed)].sort(), [...new Set([...made, 'server file'])].sort())
})

test('every DSN parameter in README is known', t => {
  const rows = table(README, 'Parameter').flatMap(([names = '']) => names.split(', '))
  const values: Record<string, string> = { tls: 'true', allowCleartextPasswords: 'true' }
  for (const name of rows) {
    const value = values[name] ?? (name.endsWith('imeout') ? '1s' : 'utf8mb4')
    const both = name === 'tls-cert' || name === 'tls-key' ? 'tls-cert=a&tls-key=b' : `${name}=${value}`
    t.deepEqual(parseDsn(`sera@tcp(db)/?${both}`).ignored, [], name)
  }
})

test('every DSN in README can be parsed', t => {
  const shown = indented(README).filter(line => /^(sera:secret@|mysql:)/.test(line))
  t.true(shown.length >= 5)
  for (const dsn of shown) t.deepEqual(parseDsn(dsn).ignored, [], dsn)
})

test('the config in README is valid', async t => {
  const [config = ''] = fenced(README, 'json')
  const file = join(await mkdtemp(join(tmpdir(), 'sera-docs-')), 'sera.json')
  writeFileSync(file, config)
  const { values, warnings } = await readConfigFile(file)
  t.deepEqual(warnings, [])
  t.is(values.verbose, 'stderr')
})

test('every recipe in README is a valid command line', t => {
  const recipes = indented(README).flatMap(line =>
    /^sera ([^<[#]*)(?:#|$)/.exec(line)?.[1]?.trim().split(/\s+/) ? [line] : [],
  )
  t.true(recipes.length >= 4)
  for (const recipe of recipes) {
    const words = recipe
      .replace(/\s*(#|>>|&&|\|).*/, '')
      .split(/\s+/)
      .slice(1)
    const line = splitCommandLine(words)
    t.notThrows(() => runOptions(valuesOf(line.flags)), recipe)
    if (line.kind === 'subcommand' && line.words[0] !== 'completion') t.notThrows(() => splitSubcommand(line), recipe)
  }
})

function valuesOf(spelled: readonly string[]): Record<string, string | boolean> {
  return Object.fromEntries(
    spelled.map(word => {
      const [, name = '', value = ''] = /^--([^=]+)=(.*)$/.exec(word) ?? []
      return [name, value === 'true' ? true : value]
    }),
  )
}
