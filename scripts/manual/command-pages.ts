/** The pages of section 1: sera(1), and one for each subcommand, from the tables of commands, flags and exit codes. */
import { BUILT_IN, SHELLS } from '../../src/cli/args/built-in.js'
import { type FormName, SUBCOMMANDS, type Subcommand, usageOf } from '../../src/cli/args/command-table.js'
import type { Flag } from '../../src/cli/args/flag.js'
import { flagsOf } from '../../src/cli/args/flags.js'
import { formatDuration } from '../../src/config/duration.js'
import { SETTING_NAMES, variableOf } from '../../src/config/settings.js'
import { EXIT_CODES } from '../../src/outcome.js'
import {
  bold,
  escaped,
  example,
  type Footer,
  heading,
  italic,
  paragraphs,
  reference,
  term,
  title,
  usage,
} from './roff.js'
import { COMMAND_VARIABLES, OWN_VARIABLES } from './variable-texts.js'

const A_TIME = 'A time is a number of seconds, or text such as 500ms, 90s, 5m, 1h30m, or forever.'

const CLASSIC_EXAMPLES = [
  ['sera 90 autoexec.sh', 'every host runs it, one after the other'],
  ['sera 0 backup.sh', 'one host runs it; the others give up (204)'],
  ['sera --wait-and-skip -- 30 migrate.sh', 'one host runs it; the others wait, and skip it'],
  ['sera --server embedded 5 echo hello', 'try it without a database'],
] as const

export function mainPage(footer: Footer): string {
  return [
    title('sera', 1, footer),
    named('sera', "run a command on a cluster only when it is that command's turn"),
    heading('Synopsis'),
    synopsis(['sera [flags] [--] <wait> <command> [args…]', 'sera <subcommand> …']),
    heading('Description'),
    paragraphs(
      'sera takes a lock that every host of a cluster can see, runs the command, releases the lock, and exits with the ' +
        "command's own code. The lock is in the MySQL or MariaDB that the cluster has already.\n\n" +
        `<wait> is how long to wait for the lock. ${A_TIME}`,
    ),
    heading('Examples'),
    examples(CLASSIC_EXAMPLES),
    heading('Subcommands'),
    ...SUBCOMMANDS.map(({ name, forms }) =>
      term(reference(`sera-${name}`, 1), forms.map(({ does }) => does).join('; ')),
    ),
    heading('Options'),
    options(['classic']),
    heading('Questions'),
    paragraphs(`${BUILT_IN.map(name => `sera ${name}`).join(', ')} answer questions about sera itself.`),
    term(`${bold('sera help')} [${italic('subcommand')}]`, 'Print the flags of sera, or those of a subcommand.'),
    term(
      `${bold('sera completion')} [${SHELLS.map(bold).join('|')}]`,
      'Print the script that completes command lines in that shell. The packages install it.',
    ),
    exitCodes(),
    heading('Environment'),
    paragraphs(`Each setting of ${'sera.json(5)'} has a variable: ${SETTING_NAMES.map(variableOf).join(', ')}.`),
    variables(OWN_VARIABLES),
    paragraphs('sera sets these for the command:'),
    variables(COMMAND_VARIABLES),
    heading('Files'),
    term(bold('/etc/sera.json'), 'The config file.'),
    seeAlso([
      reference('sera.json', 5),
      ...SUBCOMMANDS.map(({ name }) => reference(`sera-${name}`, 1)),
      reference('flock', 1),
    ]),
  ].join('')
}

export function subcommandPage(subcommand: Subcommand, footer: Footer): string {
  const { name, aliases = [], forms, about } = subcommand
  const names = forms.map(form => form.name)
  const also = aliases.length > 0 ? `It is also called ${aliases.map(alias => `sera ${alias}`).join(' or ')}.` : ''
  const timed = forms.some(({ wraps }) => wraps) || flagsOf(names).some(({ name }) => name === 'wait')
  return [
    title(`sera-${name}`, 1, footer),
    named(`sera-${name}`, forms.map(({ does }) => does).join('; ')),
    heading('Synopsis'),
    synopsis(forms.map(form => usageOf(subcommand, form))),
    heading('Description'),
    paragraphs([about, also, timed ? A_TIME : ''].filter(Boolean).join('\n\n')),
    heading('Examples'),
    examples(subcommand.examples),
    heading('Options'),
    options(names),
    heading('Exit status'),
    paragraphs(`${forms.some(({ wraps }) => wraps) ? "The command's own, " : ''}0, or one of those in sera(1).`),
    seeAlso([reference('sera', 1), reference('sera.json', 5)]),
  ].join('')
}

function named(name: string, does: string): string {
  return `${heading('Name')}${escaped(name)} \\- ${escaped(does)}\n`
}

function synopsis(lines: readonly string[]): string {
  return lines.map((line, at) => `${at === 0 ? '' : '.br\n'}${usage(line)}\n`).join('')
}

function examples(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([line, does]) => (does === '' ? example([line]) : term(bold(line), does))).join('')
}

function options(forms: readonly FormName[]): string {
  const flags = flagsOf(forms)
  const groups = [...new Set(flags.map(({ group }) => group))]
  return groups
    .map(
      group =>
        `.SS ${group}\n${flags
          .filter(flag => flag.group === group)
          .map(option)
          .join('')}`,
    )
    .join('')
}

function option(flag: Flag): string {
  const { name, short, value, describe, choices = [] } = flag
  const spelled = [short && bold(`-${short}`), bold(`--${name}`)].filter(Boolean).join(', ')
  const unsaid = choices.filter(choice => !describe.includes(choice))
  return term(
    `${spelled}${value === undefined ? '' : ` ${italic(value)}`}`,
    describe,
    unsaid.length === 0 ? '' : `One of ${unsaid.join(', ')}.`,
    defaultOf(flag),
  )
}

/** A limit of 0, or none, has no default to show: the flag's text says what that means. */
function defaultOf({ otherwise, unit }: Flag): string {
  if (typeof otherwise === 'string' && otherwise !== '') return `The default is ${otherwise}.`
  if (typeof otherwise !== 'number' || otherwise === 0 || otherwise === Number.POSITIVE_INFINITY) return ''
  return `The default is ${unit ? formatDuration(otherwise) : otherwise}.`
}

function exitCodes(): string {
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => term(bold(String(code)), meaning))
  const own = "The command's own; 128+n when signal n ended it; or one of these:"
  return `${heading('Exit status')}${paragraphs(own)}${codes.join('')}`
}

function variables(texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts)
    .map(([name, text]) => term(bold(name), text))
    .join('')
}

function seeAlso(references: readonly string[]): string {
  return `${heading('See also')}${references.join(',\n')}\n`
}
