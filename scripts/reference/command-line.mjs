/** From the tables of subcommands, flags, settings and exit codes. */

import { findSubcommand, SUBCOMMANDS, usageOf } from '../../src/cli/args/command-table.ts'
import { FLAGS, flagsOf } from '../../src/cli/args/flags.ts'
import { formatDuration } from '../../src/config/duration.ts'
import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from '../../src/config/settings.ts'
import { EXIT_CODES } from '../../src/outcome.ts'
import { SETTING_TEXTS } from '../manual/setting-texts.ts'
import { inline, table, wrapped } from './markdown.mjs'

const PLAIN = ['sera [flags] [--] <wait> <command> [args…]']

/** How a subcommand is called, what it is for, and examples; of the plain lock, how it is called. */
export function usage(name) {
  if (name === 'sera') return code(PLAIN)
  const subcommand = findSubcommand(name)
  const { forms, aliases = [], about, examples } = subcommand
  const also = aliases.length === 0 ? '' : `Short: ${aliases.map(alias => `\`${alias}\``).join(', ')}.`
  return [
    code(aligned(forms.map(form => [usageOf(subcommand, form), form.does]))),
    also,
    wrapped(inline(about)),
    'Examples:',
    code(aligned(examples)),
  ]
    .filter(text => text !== '')
    .join('\n\n')
}

/** Every form, and the page that describes it. */
export function commandList() {
  const rows = SUBCOMMANDS.flatMap(subcommand =>
    subcommand.forms.map(form => [
      `\`${usageOf(subcommand, form)}\``,
      inline(form.does),
      `[${subcommand.name}](${subcommand.name}.md)`,
    ]),
  )
  return table(
    ['Command', 'Effect', 'Page'],
    [[`\`${PLAIN[0]}\``, 'one command at a time', '[plain lock](sera.md)'], ...rows],
  )
}

/** The flags of a subcommand, without those that nearly all take. */
export function commandFlags(name) {
  const forms = name === 'sera' ? ['classic'] : findSubcommand(name).forms.map(form => form.name)
  const own = flagsOf(forms).filter(flag => !isCommon(flag))
  return own.length === 0 ? 'None but the common ones.' : table(['Flag', 'Effect', 'Default'], own.map(rowOf))
}

/** All flags, by group. */
export function flagGroups() {
  return [...new Set(FLAGS.map(flag => flag.group))]
    .map(group => {
      const rows = FLAGS.filter(flag => flag.group === group).map(flag => {
        const [spelled, effect, otherwise] = rowOf(flag)
        return [spelled, takers(flag), effect, otherwise]
      })
      return `## ${group}\n\n${table(['Flag', 'Goes with', 'Effect', 'Default'], rows)}`
    })
    .join('\n\n')
}

export function settings() {
  const flags = new Set(FLAGS.map(flag => `--${flag.name}`))
  const rows = SETTING_NAMES.map(name => [
    `\`${name}\``,
    `\`${variableOf(name)}\``,
    flags.has(flagOf(name)) ? `\`${flagOf(name)}\`` : '',
    defaultOf(name),
    SETTING_TEXTS[name].takes,
    inline(SETTING_TEXTS[name].means),
  ])
  return table(['Key', 'Variable', 'Flag', 'Default', 'Takes', 'Meaning'], rows)
}

export function exitCodes() {
  return table(
    ['Code', 'Meaning'],
    Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), inline(meaning)]),
  )
}

/** What a setting is if nothing sets it: some get their default when they are resolved. */
function defaultOf(name) {
  const { otherwise, read } = SETTINGS[name]
  const late = { syslog: 'false', history: '30d' }[name]
  if (late !== undefined) return `\`${late}\``
  if (otherwise === undefined || otherwise === '' || otherwise.length === 0) return ''
  return `\`${read.unit === undefined ? otherwise : formatDuration(otherwise)}\``
}

function rowOf({ name, short, value, describe, otherwise, unit }) {
  const [, effect, inText] = /^(.*?)(?: \[([^[\]]*)\])?$/.exec(describe)
  const shown = typeof otherwise === 'string' ? otherwise : usual(otherwise, unit)
  const spelled = `\`--${name}${value === undefined ? '' : ` ${value}`}\``
  return [short === undefined ? spelled : `${spelled}, \`-${short}\``, inline(effect), inline(inText ?? shown)]
}

function usual(otherwise, unit) {
  if (typeof otherwise !== 'number' || otherwise === 0 || otherwise === Number.POSITIVE_INFINITY) return ''
  return unit === undefined ? String(otherwise) : formatDuration(otherwise)
}

function isCommon(flag) {
  const without = SUBCOMMANDS.filter(({ forms }) => !forms.some(({ name }) => !flag.with || flag.with.includes(name)))
  return without.length <= 4 && flag.group !== 'Lock'
}

function takers(flag) {
  if (isCommon(flag)) return flag.with ? 'nearly all' : 'all'
  const plain = flag.with?.includes('classic') ? ['plain'] : []
  const named = SUBCOMMANDS.filter(({ forms }) => forms.some(({ name }) => flag.with?.includes(name)))
  return [...plain, ...named.map(({ name }) => name)].join(', ')
}

function aligned(rows) {
  const width = Math.max(...rows.map(([left]) => left.length))
  const fits = rows.every(([, right]) => width + right.length < 72)
  return rows.flatMap(([left, right]) => {
    if (right === '') return [left]
    return fits ? [`${left.padEnd(width)}  # ${right}`] : [`# ${right}`, left]
  })
}

function code(lines) {
  return `\`\`\`sh\n${lines.join('\n')}\n\`\`\``
}
