/** The help of sera and of each subcommand, made from the tables of flags, subcommands and exit codes. */
import { EXIT_CODES } from '../outcome.js'
import { type Form, findSubcommand, SUBCOMMANDS, type Subcommand, usageOf } from './args/command-table.js'
import type { Flag } from './args/flag.js'
import { flagsOf } from './args/flags.js'
import { parser } from './args/parse-flags.js'
import { folded } from './output/folded.js'

/** The help of a subcommand; without one, or if it is unknown, the help of sera. */
export async function helpText(columns: number, about?: string): Promise<string> {
  const width = Math.min(100, columns)
  const subcommand = about === undefined ? undefined : findSubcommand(about)
  return subcommand ? await subcommandHelp(subcommand, width) : await wholeHelp(width)
}

async function wholeHelp(width: number): Promise<string> {
  const forms = SUBCOMMANDS.flatMap(subcommand =>
    subcommand.forms.map(form => [usageOf(subcommand, form), form.does] as const),
  )
  const subcommands = `Subcommands, each with its own --help:\n${columnsOf(forms, width)}`
  return [USAGE, subcommands, await flagList(flagsOf(['classic']), width), exitCodes(width)].join('\n')
}

async function subcommandHelp(subcommand: Subcommand, width: number): Promise<string> {
  const { forms, aliases = [], about, examples } = subcommand
  const usages = forms.map((form, at) => `${at === 0 ? 'Usage:' : '      '} ${usageOf(subcommand, form)}\n`).join('')
  const also = aliases.length === 0 ? '' : `Also sera ${aliases.join(' or ')}. `
  const paragraphs = `${also}${about}\n\n${flagsStand(forms)}`.split('\n\n').map(text => folded(text, width))
  const sections = [
    usages,
    paragraphs.join('\n'),
    `Examples:\n${columnsOf(examples, width)}`,
    await flagList(flagsOf(forms.map(({ name }) => name)), width),
    `Exit codes: ${forms.some(({ wraps }) => wraps) ? "the command's own, " : ''}0, or one of those that sera --help lists.\n`,
  ]
  return sections.join('\n')
}

const A_TIME = 'seconds, or 500ms, 90s, 5m, 1h30m, forever'

/** How to write times, if the form has any, and where flags are allowed. */
function flagsStand(forms: readonly Form[]): string {
  if (forms.some(({ wraps, dashed, direct }) => wraps && !dashed && !direct)) {
    const elsewhere = forms.every(({ wraps }) => wraps) ? '' : ', or anywhere if there is no <wait>'
    return `<wait> is ${A_TIME}. Put flags before it${elsewhere}.`
  }
  const timed = flagsOf(forms.map(({ name }) => name)).some(({ name }) => name === 'wait')
  const dashed = forms.some(form => form.dashed) && 'anywhere before the --'
  const direct = forms.some(form => form.direct) && 'before the command'
  const where = dashed || direct || 'anywhere'
  return `${timed ? `A TIME is ${A_TIME}. ` : ''}Put flags ${where}.`
}

const USAGE = `Usage: sera [flags] [--] <wait> <command> [args…]
       sera <subcommand> …
       sera completion [bash|zsh|fish]

Runs a command on a cluster only when it is that command's turn. <wait> is how
long to wait for the lock: seconds, or 500ms, 90s, 5m, 1h30m, forever.

Examples:
  sera 90 autoexec.sh                        run on every host, one after the other
  sera 0 backup.sh                           run on one host; the others give up (204)
  sera --wait-and-skip -- 30 migrate.sh      run on one host; the others wait and skip
  sera --server embedded 5 echo hello        try it without a database
`

async function flagList(flags: readonly Flag[], width: number): Promise<string> {
  const text = await parser([], flags).wrap(width).getHelp()
  return `${text.trim()}\n`
}

function exitCodes(width: number): string {
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), meaning] as const)
  return `Exit codes: the command's own (128+n when signal n ended it), or\n${columnsOf(codes, width)}`
}

/** Two columns: an item, and its text. The text goes below the item if its column would be narrow. */
function columnsOf(rows: readonly (readonly [string, string])[], width: number): string {
  const indent = 4 + Math.max(...rows.map(([left]) => left.length))
  const beside = indent <= width / 2
  return rows
    .map(([left, right]) => {
      if (right === '') return `  ${left}\n`
      if (!beside) return `  ${left}\n${folded(right, width, '      ')}`
      return `  ${left.padEnd(indent - 2)}${folded(right, width, ' '.repeat(indent)).trimStart()}`
    })
    .join('')
}
