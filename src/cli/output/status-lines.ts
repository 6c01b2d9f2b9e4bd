/**
 * Formats the status view for a terminal: a headline, then for each resource a title and one line for each claim. All
 * resources share the same columns. Pure functions; colours are added last.
 */
import type { Terminal } from '../../host.js'
import { formatLength, whoIs } from '../../status/claim-text.js'
import { activity, leaseOf, situation, whatRuns } from '../../status/format.js'
import {
  type ClaimView,
  holders,
  isExpired,
  type ResourceView,
  type StatusView,
  waiters,
} from '../../status/resource-view.js'
import { linesOf } from './folded.js'
import { cut, filled, harmless, widthOf } from './width.js'

export interface DrawOptions {
  columns: number
  /** Show tickets and tokens, on a line of their own. */
  detailed: boolean
}

/** Styles that are legible on dark and light backgrounds. A colour only repeats what a word says. */
type Style = 'name' | 'held' | 'dead' | 'faint'

interface StyledSpan {
  text: string
  style?: Style | undefined
}

export type StyledLine = readonly StyledSpan[]

export function viewOf(statusView: StatusView, look: DrawOptions): StyledLine[] {
  const { views, isCut, unseen } = statusView
  const blocks = views.map(view => rowsOf(view))
  const widths = columnWidths(blocks.flat(), look)
  const body = views.flatMap((view, at) => [
    [],
    title(view, statusView.at, look.columns),
    ...(blocks[at] as StatusRow[]).flatMap(row => [rowLine(row, widths), ...details(row, look)]),
  ])
  const notes = [...(isCut ? ['Of the resources without claims, only the newest are shown.'] : []), ...unseen]
  return [
    [{ text: headline(statusView) }],
    ...body,
    ...(notes.length > 0 ? [[]] : []),
    ...notes.flatMap(note => linesOf(harmless(note), look.columns)).map(text => [{ text, style: 'faint' as const }]),
  ].map(line => within(line, look.columns))
}

/** The cells of one claim. */
interface StatusRow {
  claim: ClaimView
  does: string
  since: string
  who: string
  runs: string
  lease: string
  number: string
}

function rowsOf(view: ResourceView): StatusRow[] {
  const queue = view.claims.filter(({ state }) => state === 'waiting')
  return view.claims.map(claim => ({
    claim,
    does: harmless(activity(view.kind, claim, queue.indexOf(claim) + 1)),
    since: claim.sinceMs === undefined ? '' : formatLength(claim.sinceMs),
    who: harmless(whoIs(claim)),
    runs: harmless(whatRuns(claim, view.kind)),
    lease: leaseOf(claim),
    number: numberOf(claim),
  }))
}

/** The number that identifies this claim, for `sera break` and in logs. */
function numberOf({ token, ticket }: ClaimView): string {
  return token === undefined ? (ticket === undefined ? '' : `ticket ${ticket}`) : `token ${token}`
}

type Widths = Record<Exclude<keyof StatusRow, 'claim'>, number>

const INDENT = 2
const GAP = 2
/** A narrower command column is useless. */
const LEAST_RUNS = 12

/** Distributes the width: activity, duration and owner first, then the lease, the command and the numbers. */
function columnWidths(rows: readonly StatusRow[], { columns, detailed }: DrawOptions): Widths {
  const widest = (name: keyof Widths) => Math.max(0, ...rows.map(row => widthOf(row[name])))
  let room = columns - INDENT
  const take = (wanted: number, atLeast = wanted) => {
    const width = wanted === 0 || room < atLeast ? 0 : Math.min(wanted, room)
    room -= width === 0 ? 0 : width + GAP
    return width
  }
  const does = take(widest('does'), 0)
  const since = take(widest('since'), 0)
  const who = take(Math.min(widest('who'), Math.max(16, Math.floor(columns * 0.34))), 0)
  const lease = take(widest('lease'))
  const number = detailed || room < widest('number') + 2 * LEAST_RUNS ? 0 : take(widest('number'))
  return { does, since, who, runs: take(room, Math.min(LEAST_RUNS, widest('runs'))), lease, number }
}

function rowLine(row: StatusRow, widths: Widths): StyledLine {
  const isDead = isExpired(row.claim)
  const style: Style | undefined = isDead ? 'dead' : row.claim.state === 'granted' ? 'held' : undefined
  const cells: [keyof Widths, Style | undefined][] = [
    ['does', style],
    ['since', undefined],
    ['who', undefined],
    ['runs', undefined],
    ['number', 'faint'],
    ['lease', isDead ? 'dead' : 'faint'],
  ]
  const shown = cells.filter(([name]) => widths[name] > 0)
  const spans = shown.map(([name, style]) => ({ text: `${filled(row[name], widths[name])}${' '.repeat(GAP)}`, style }))
  return trimmed([{ text: ' '.repeat(INDENT) }, ...spans])
}

function details({ claim, number }: StatusRow, { detailed, columns }: DrawOptions): StyledLine[] {
  const { ticket, token, connection } = claim
  const facts = [
    token === undefined ? '' : number,
    ticket === undefined ? '' : `ticket ${ticket}`,
    connection === undefined ? '' : `connection ${connection}`,
  ].filter(Boolean)
  if (!detailed || facts.length === 0) return []
  return linesOf(facts.join(', '), columns - 2 * INDENT).map(text => [
    { text: `${' '.repeat(2 * INDENT)}${text}`, style: 'faint' },
  ])
}

function title(view: ResourceView, at: number, columns: number): StyledLine {
  const { kind, name, engine } = view
  const says = harmless([situation(view, at), engine === 'get_lock' ? 'GET_LOCK' : ''].filter(Boolean).join(', '))
  const room = Math.max(columns - widthOf(says) - GAP, Math.floor(columns / 2))
  const known = { text: cut(harmless(`${kind} ${name}`), room), style: 'name' as const }
  return says === '' ? [known] : [known, { text: `  ${says}` }]
}

function headline({ views, server, unseen }: StatusView): string {
  const held = views.reduce((sum, view) => sum + holders(view).length, 0)
  const waiting = views.reduce((sum, view) => sum + waiters(view).length, 0)
  const nothing = unseen.length === 0 ? 'no holders, no waiters' : 'no visible holders or waiters'
  const what = held + waiting === 0 ? nothing : `${held} held, ${waiting} waiting`
  return `${what} (${harmless(server)})`
}

/** Cut to the width of the terminal. */
function within(line: StyledLine, columns: number): StyledLine {
  let room = columns
  const kept: StyledSpan[] = []
  for (const { text, style } of line) {
    const part = cut(text, room)
    room -= widthOf(part)
    if (part !== '') kept.push({ text: part, style })
    if (part !== text) break
  }
  return kept
}

function trimmed(line: StyledLine): StyledLine {
  const last = line.findLastIndex(({ text }) => text.trim() !== '')
  return line.slice(0, last + 1).map((span, at) => (at === last ? { ...span, text: span.text.trimEnd() } : span))
}

const CODES: Record<Style, string> = { name: '1', held: '32', dead: '31', faint: '2' }

/** The lines as text, with or without colours. */
export function coloured(lines: readonly StyledLine[], colours: boolean): string[] {
  return lines.map(line =>
    line.map(({ text, style }) => (colours && style ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text)).join(''),
  )
}

/** The lines for this stream: in colours on a terminal, unless NO_COLOR or TERM=dumb is set. @see https://no-color.org */
export function statusLines(statusView: StatusView, detailed: boolean, to: Terminal, env: NodeJS.ProcessEnv): string[] {
  const colours = to.isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
  return coloured(viewOf(statusView, { columns: to.columns, detailed }), colours)
}
