/** Formats the findings: one line a check for a person, JSON for programs. */
import { folded } from '../../cli/output/folded.js'
import { harmless } from '../../cli/output/width.js'
import type { Check, CheckGroup, GroupName, Verdict } from './check.js'

export interface ShowOptions {
  columns: number
  colour: boolean
  /** Leave out checks that are good. */
  quiet: boolean
}

const MARKS: Readonly<Record<Verdict, string>> = { good: '✓', warning: '!', bad: '✗', unknown: '?' }

/** SGR, ECMA-48. */
const COLOURS: Readonly<Record<Verdict, string>> = { good: '32', warning: '33', bad: '31', unknown: '36' }
const BOLD = '1'

const HEADINGS: Readonly<Record<GroupName, string>> = {
  config: 'Config',
  server: 'Server',
  tables: 'Tables',
  engine: 'Locking',
  host: 'This host',
}

/** Longer lines are harder to read. */
const WIDEST = 100
const NARROWEST = 40

/** For each check the mark, the name and the finding, folded; below it the remedy. */
export function shown(groups: readonly CheckGroup[], look: ShowOptions): string {
  const kept = groups
    .map(group => ({ ...group, checks: group.checks.filter(({ verdict }) => !look.quiet || verdict !== 'good') }))
    .filter(({ checks }) => checks.length > 0)
  const indent = 5 + Math.max(0, ...kept.flatMap(({ checks }) => checks.map(({ name }) => name.length)))
  const blocks = kept.map(
    group => `${heading(group, look)}\n${group.checks.map(one => line(one, indent, look)).join('')}`,
  )
  return [...blocks, `${summary(groups)}\n`].join('\n')
}

function heading({ group, server }: CheckGroup, { colour }: ShowOptions): string {
  return coloured(
    server === undefined ? HEADINGS[group] : `${HEADINGS[group]}${group === 'tables' ? ' on' : ''} ${harmless(server)}`,
    BOLD,
    colour,
  )
}

function line({ name, verdict, says, remedy }: Check, indent: number, { columns, colour }: ShowOptions): string {
  const width = Math.max(NARROWEST, Math.min(WIDEST, columns))
  const beside = (text: string, at: number) => folded(cut(harmless(text), width - at), width, ' '.repeat(at)).slice(at)
  const mark = coloured(MARKS[verdict], COLOURS[verdict], colour)
  const first = `  ${mark} ${name.padEnd(indent - 4)}${beside(says, indent)}`
  return remedy === undefined ? first : `${first}${' '.repeat(indent)}→ ${beside(remedy, indent + 2)}`
}

function coloured(text: string, code: string, colour: boolean): string {
  return colour ? `\x1b[${code}m${text}\x1b[0m` : text
}

/** Breaks words that are longer than a line, such as paths. */
function cut(text: string, room: number): string {
  return text.replace(new RegExp(`\\S{${room - 1}}(?=\\S)`, 'gu'), '$& ')
}

/** The last line. */
export function summary(groups: readonly CheckGroup[]): string {
  const count = (verdict: Verdict) =>
    groups.flatMap(({ checks }) => checks).filter(one => one.verdict === verdict).length
  const [bad, warnings, unknown] = [count('bad'), count('warning'), count('unknown')]
  const rest = [
    ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? '' : 's'}`] : []),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
  ]
  const first = bad === 0 ? 'Nothing is wrong' : bad === 1 ? 'One thing is wrong' : `${bad} things are wrong`
  return `${[first, ...rest].join(', ')}.`
}

/** A contract: docs/reference/commands/doctor.md. */
export function json(groups: readonly CheckGroup[]): string {
  const checks = groups.flatMap(({ group, server = null, checks }) =>
    checks.map(({ name, verdict, says, remedy = null }) => ({ group, server, name, verdict, says, remedy })),
  )
  return `${JSON.stringify({ healthy: isHealthy(groups), checks })}\n`
}

export function isHealthy(groups: readonly CheckGroup[]): boolean {
  return groups.every(({ checks }) => checks.every(({ verdict }) => verdict !== 'bad'))
}
