/** What the documents promise, compared with the code that must keep it. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
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
import { SETTING_NAMES, variableOf } from '../../src/config/settings.js'
import { exitCodeOf, type Outcome, type OutcomeKind } from '../../src/outcome.js'
import { DOCUMENTS, fenced, indented, pagesIn, table, textOf } from './markdown.js'

const SETTINGS_PAGE = 'docs/reference/settings.md'
const DSN_PAGE = 'docs/reference/dsn.md'
const SYSLOG_PAGE = 'docs/reference/syslog.md'
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

test('the generated parts of the reference are those of the tables', async t => {
  await t.notThrowsAsync(promisify(execFile)('npm', ['run', 'reference', '--', '--check']))
})

test('the documents mention no flag of sera that does not exist', t => {
  const known = new Set(flags.map(({ name }) => name))
  const examples = DOCUMENTS.flatMap(page => [...indented(page), ...fenced(page, 'console').flatMap(linesOf)])
  const unquoted = examples.filter(line => !line.startsWith('kubectl')).map(line => line.replace(/'[^']*'/g, ''))
  const used = unquoted.flatMap(line => line.match(/(?<=\bsera [^|;&]*)--[a-z][a-z-]+/g) ?? [])
  t.true(used.length > 50)
  for (const flag of used) t.true(known.has(flag.slice(2)), flag)
})

test('the reference gives the defaults that a run has without settings', async t => {
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
  for (const [key = '', , , shown] of table(SETTINGS_PAGE, 'Key')) t.is(shown, String(inCode[key] ?? ''), key)
})

test('the reference names every variable that the code reads or sets, and no other', t => {
  const variables = (text: string) => new Set(text.match(/\bSERA_[A-Z_]+\b/g))
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  const inCode = variables(sources.map(file => readFileSync(join('src', file), 'utf8')).join('\n'))
  for (const name of [...SETTING_NAMES, 'config'] as const) inCode.add(variableOf(name))
  inCode.delete('SERA_SIGIGN') // between bin/sera and sera
  inCode.delete('SERA_ENVIRONMENT') // between sera and the shell that becomes the command
  inCode.delete('SERA_CONTENTION') // the code of an error
  const inPages = variables(pagesIn('docs/reference').map(textOf).join('\n'))
  t.deepEqual([...inPages].sort(), [...inCode].sort())
})

test('the reference lists the fields of the audit line in their order', t => {
  const fields = Object.keys(auditFields({ outcome: OUTCOMES['timed-out'], exitCode: 204 }))
  t.deepEqual(
    table(SYSLOG_PAGE, 'Field').map(([field]) => field),
    fields,
  )
  const example = indented(SYSLOG_PAGE).find(line => line.startsWith('outcome='))
  const shown: string[] = example?.match(/\b[a-z]+(?==)/g) ?? []
  t.true(shown.length > 5)
  t.deepEqual(
    shown,
    fields.filter(field => shown.includes(field)),
  )
})

test('the reference lists every outcome with its severity and code', t => {
  const rows = table(SYSLOG_PAGE, 'Outcome')
  t.deepEqual(rows.map(([kind]) => kind).sort(), Object.keys(OUTCOMES).sort())
  for (const [kind, severity, code = ''] of rows) {
    const outcome = OUTCOMES[kind as OutcomeKind]
    t.is(severity, severityOf(outcome), kind)
    if (kind !== 'ran' && kind !== 'interrupted') t.regex(code, new RegExp(`\\b${exitCodeOf(outcome)}\\b`), kind)
  }
})

test('the page of doctor lists every check, and no other', t => {
  const folder = 'src/commands/doctor'
  const sources = readdirSync(folder).map(file => readFileSync(join(folder, file), 'utf8'))
  const call = /\b(?:good|warning|bad|unknown|badBecause|check|use)\('([a-z_ ]+)'|\bname(?::| =) '(\w+)'/gi
  const made = sources.flatMap(text => [...text.matchAll(call)].map(([, called, named]) => called ?? named))
  const listed = table('docs/reference/commands/doctor.md', 'Group').map(([, name]) => name)
  t.deepEqual([...new Set(listed)].sort(), [...new Set([...made, 'server file'])].sort())
})

test('sera honours the parameters of a DSN that the reference lists', t => {
  const rows = table(DSN_PAGE, 'Parameter').flatMap(([names = '']) => names.split(', '))
  const values: Record<string, string> = { tls: 'true', allowCleartextPasswords: 'true' }
  for (const name of rows) {
    const value = values[name] ?? (name.endsWith('imeout') ? '1s' : 'utf8mb4')
    const both = name === 'tls-cert' || name === 'tls-key' ? 'tls-cert=a&tls-key=b' : `${name}=${value}`
    t.deepEqual(parseDsn(`sera@tcp(db)/?${both}`).ignored, [], name)
  }
})

test('sera reads the DSNs that the reference shows', t => {
  const shown = indented(DSN_PAGE).filter(line => /^(sera:secret@|mysql:)/.test(line))
  t.true(shown.length >= 5)
  for (const dsn of shown) t.deepEqual(parseDsn(dsn).ignored, [], dsn)
})

test('sera reads the config files that the documents show, without a warning', async t => {
  const file = join(await mkdtemp(join(tmpdir(), 'sera-docs-')), 'sera.json')
  const configs = DOCUMENTS.flatMap(page => fenced(page, 'json'))
  t.true(configs.length >= 3)
  for (const config of configs) {
    writeFileSync(file, config)
    const { warnings } = await readConfigFile(file)
    t.deepEqual(warnings, [], config)
  }
})

test('sera accepts the command lines that the documents show', t => {
  const lines = DOCUMENTS.flatMap(page => [...indented(page), ...fenced(page, 'sh').flatMap(linesOf)])
  const recipes = lines.flatMap(line =>
    /^sera (\w[^<[#]*|-[^<[#]*)(?:#|$)/.exec(line)?.[1]?.trim().split(/\s+/) ? [line] : [],
  )
  t.true(recipes.length >= 40)
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

function linesOf(block: string): string[] {
  return block.split('\n')
}

function valuesOf(spelled: readonly string[]): Record<string, string | boolean> {
  return Object.fromEntries(
    spelled.map(word => {
      const [, name = '', value = ''] = /^--([^=]+)=(.*)$/.exec(word) ?? []
      return [name, value === 'true' ? true : value]
    }),
  )
}
