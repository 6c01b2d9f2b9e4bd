/**
 * The picture as lines for a terminal: a headline, and for each resource a line with what goes on there and one for each
 * who holds or waits, in columns that are the same for all. Pure; colours are the last step.
 */
import type { Terminal } from '../../host.js'
import { holders, isExpired, type Member, type Picture, type Sight, waiters } from '../../status/picture.js'
import { linesOf } from '../text/folded.js'
import { cut, filled, harmless, widthOf } from '../text/width.js'
import { doing, leaseOf, situation, spell, whatRuns, whoIs } from './words.js'

export interface Look {
  columns: number
  /** With tickets and tokens, each on a line of their own. */
  detailed: boolean
}

/** Looks that are legible on dark and light: no colour says what a word does not. */
type Style = 'name' | 'held' | 'dead' | 'faint'

export interface Span {
  text: string
  style?: Style | undefined
}

export type Line = readonly Span[]

export function viewOf(picture: Picture, look: Look): Line[] {
  const { sights, isCut, unseen } = picture
  const blocks = sights.map(sight => rowsOf(sight))
  const widths = columnWidths(blocks.flat(), look)
  const body = sights.flatMap((sight, at) => [
    [],
    title(sight, picture.at, look.columns),
    ...(blocks[at] as Row[]).flatMap(row => [rowLine(row, widths), ...details(row, look)]),
  ])
  const notes = [...(isCut ? ['Of those that nobody is at, only the newest are shown.'] : []), ...unseen]
  return [
    [{ text: headline(picture) }],
    ...body,
    ...(notes.length > 0 ? [[]] : []),
    ...notes.flatMap(note => linesOf(harmless(note), look.columns)).map(text => [{ text, style: 'faint' as const }]),
  ].map(line => within(line, look.columns))
}

/** One who holds or waits, in words. */
interface Row {
  member: Member
  does: string
  since: string
  who: string
  runs: string
  lease: string
  number: string
}

function rowsOf(sight: Sight): Row[] {
  const queue = sight.members.filter(({ state }) => state === 'waiting')
  return sight.members.map(member => ({
    member,
    does: harmless(doing(sight.kind, member, queue.indexOf(member) + 1)),
    since: member.sinceMs === undefined ? '' : spell(member.sinceMs),
    who: harmless(whoIs(member)),
    runs: harmless(whatRuns(member, sight.kind)),
    lease: leaseOf(member),
    number: numberOf(member),
  }))
}

/** What tells this claim from others: to break it by, or to find in the log. */
function numberOf({ token, ticket }: Member): string {
  return token === undefined ? (ticket === undefined ? '' : `ticket ${ticket}`) : `token ${token}`
}

type Widths = Record<Exclude<keyof Row, 'member'>, number>

const INDENT = 2
const GAP = 2
/** Less of a command tells nothing. */
const LEAST_RUNS = 12

/** What there is room for: who does what since when comes first, then the lease, then the command, then numbers. */
function columnWidths(rows: readonly Row[], { columns, detailed }: Look): Widths {
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

function rowLine(row: Row, widths: Widths): Line {
  const isDead = isExpired(row.member)
  const style: Style | undefined = isDead ? 'dead' : row.member.state === 'granted' ? 'held' : undefined
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

function details({ member, number }: Row, { detailed, columns }: Look): Line[] {
  const { ticket, token, connection } = member
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

function title(sight: Sight, at: number, columns: number): Line {
  const { kind, name, engine } = sight
  const says = harmless([situation(sight, at), engine === 'get_lock' ? 'GET_LOCK' : ''].filter(Boolean).join(', '))
  const room = Math.max(columns - widthOf(says) - GAP, Math.floor(columns / 2))
  const known = { text: cut(harmless(`${kind} ${name}`), room), style: 'name' as const }
  return says === '' ? [known] : [known, { text: `  ${says}` }]
}

function headline({ sights, server, unseen }: Picture): string {
  const held = sights.reduce((sum, sight) => sum + holders(sight).length, 0)
  const waiting = sights.reduce((sum, sight) => sum + waiters(sight).length, 0)
  const nothing = unseen.length === 0 ? 'nothing is held, nobody waits' : 'nobody is seen to hold or to wait'
  const what = held + waiting === 0 ? nothing : `${held} held, ${waiting} waiting`
  return `${what} (${harmless(server)})`
}

/** No wider than the terminal, and no blanks at the end. */
function within(line: Line, columns: number): Line {
  let room = columns
  const kept: Span[] = []
  for (const { text, style } of line) {
    const part = cut(text, room)
    room -= widthOf(part)
    if (part !== '') kept.push({ text: part, style })
    if (part !== text) break
  }
  return kept
}

function trimmed(line: Line): Line {
  const last = line.findLastIndex(({ text }) => text.trim() !== '')
  return line.slice(0, last + 1).map((span, at) => (at === last ? { ...span, text: span.text.trimEnd() } : span))
}

const CODES: Record<Style, string> = { name: '1', held: '32', dead: '31', faint: '2' }

/** Each line as text, with colours or without. */
export function painted(lines: readonly Line[], colours: boolean): string[] {
  return lines.map(line =>
    line.map(({ text, style }) => (colours && style ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text)).join(''),
  )
}

/** As it looks there: with colours on a terminal only, and where nobody objects. @see https://no-color.org */
export function drawn(picture: Picture, detailed: boolean, to: Terminal, env: NodeJS.ProcessEnv): string[] {
  const colours = to.isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
  return painted(viewOf(picture, { columns: to.columns, detailed }), colours)
}
