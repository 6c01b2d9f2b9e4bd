/** sera.json(5), from the table of settings. */
import { FLAGS } from '../../src/cli/args/flags.js'
import { formatDuration } from '../../src/config/duration.js'
import { flagOf, HISTORY_MS, SETTING_NAMES, SETTINGS, type SettingName, variableOf } from '../../src/config/settings.js'
import type { ValueReader } from '../../src/config/values.js'
import { bold, escaped, example, type Footer, heading, paragraphs, reference, term, title } from './roff.js'
import { DSN_PARAMETERS, SETTING_TEXTS } from './setting-texts.js'

const DSNS = [
  'sera:secret@tcp(db.example.com:3306)/sera',
  'sera:secret@unix(/run/mysqld/mysqld.sock)/sera',
  'mysql://sera:secret@db.example.com:3306/sera?tls=true',
]

/** @param config an example */
export function configPage(config: string, footer: Footer): string {
  return [
    title('sera.json', 5, footer),
    `${heading('Name')}sera.json \\- settings of sera\n`,
    heading('Description'),
    paragraphs(
      '/etc/sera.json is one JSON object, without comments. sera --config FILE, or SERA_CONFIG, names another file. A flag ' +
        'overrules the variable, and the variable overrules the file, key by key. Without a server sera runs nothing.\n\n' +
        'sera warns of a key that it does not know. A wrong value ends it with exit code 200 before anything runs.\n\n' +
        'The file contains a password: only root and one group should be able to read it. Users who run sera must be in that ' +
        'group. The packages make the group sera; usermod -aG sera NAME adds a user.',
    ),
    heading('Example'),
    example(config.trim().replaceAll('\t', '    ').split('\n')),
    heading('Settings'),
    ...SETTING_NAMES.map(setting),
    paragraphs(
      'A time is a number of seconds, or text such as "500ms", "90s", "5m" or "1h30m". Where a command runs, grace and one ' +
        'second must be less than half the lease.',
    ),
    heading('Server'),
    paragraphs('A DSN as go-sql-driver has it, or a URL:'),
    example(['[user[:password]@][net[(address)]]/[database][?parameter=value&…]', ...DSNS]),
    paragraphs(
      'net is tcp, unix, tcp4 or tcp6. The last @ ends the password. In a parameter, write %2F for a slash. In a URL, ' +
        'percent-encode all special characters. These parameters are known:',
    ),
    ...Object.entries(DSN_PARAMETERS).map(([name, text]) => term(bold(name), text)),
    heading('Files'),
    term(bold('/etc/sera.json'), 'Read if neither a flag nor a variable names another file.'),
    heading('See also'),
    `${reference('sera', 1)},\n${reference('sera-doctor', 1)}, which checks this file\n`,
  ].join('')
}

function setting(name: SettingName): string {
  const { takes, means } = SETTING_TEXTS[name]
  const flag = flagOf(name)
  const isFlag = FLAGS.some(one => `--${one.name}` === flag)
  const shown = shownDefault(name)
  const other = [variableOf(name), ...(isFlag ? [flag] : [])].join(', ')
  return term(
    `${bold(name)} (${escaped(takes)})`,
    means,
    `Also ${other}.${shown === undefined ? '' : ` The default is ${shown}.`}`,
  )
}

function shownDefault(name: SettingName): string | undefined {
  if (name === 'history') return formatDuration(HISTORY_MS)
  const { read, otherwise } = SETTINGS[name]
  if (otherwise === undefined || otherwise === '' || Array.isArray(otherwise)) return undefined
  const { unit } = read as ValueReader<unknown>
  return typeof otherwise === 'number' && unit ? formatDuration(otherwise) : String(otherwise)
}
