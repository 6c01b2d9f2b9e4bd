/** The example units: the settings that sera needs, and a reason for each line. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { splitCommandLine } from '../../src/cli/args/split-argv.js'
import { splitSubcommand } from '../../src/cli/args/split-subcommand.js'
import { parseDuration } from '../../src/config/duration.js'
import { resolveSettings } from '../../src/config/resolve.js'
import { EXIT_CODES } from '../../src/outcome.js'

const GATEWAY = 'etc/systemd/sera-gateway.service'
const UNITS = ['etc/systemd/sera-example.service', 'etc/systemd/sera-example.timer', GATEWAY]

function paragraphs(unit: string): string[][] {
  return readFileSync(unit, 'utf8')
    .split(/\n\n+/)
    .map(text => text.split('\n').filter(line => line !== ''))
}

function setting(unit: string, name: string): string {
  const lines = paragraphs(unit).flat()
  const values = lines.filter(line => line.startsWith(`${name}=`)).map(line => line.slice(name.length + 1))
  if (values.length !== 1) throw new Error(`${unit}: ${values.length} times ${name}`)
  return values[0] ?? ''
}

const service = (name: string) => setting(UNITS[0] ?? '', name)
const seconds = (text: string) => parseDuration(text) ?? Number.NaN

for (const unit of UNITS) {
  test(`${unit}: each setting has a comment with its reason`, t => {
    const obvious = /^(Description|Documentation|WantedBy)=/
    for (const lines of paragraphs(unit)) {
      const first = lines.find(line => !line.startsWith('[') && !obvious.test(line))
      if (first !== undefined) t.regex(first, /^# \S/)
    }
  })
}

test('a stop signals sera alone and allows for the grace', async t => {
  const { settings } = await resolveSettings({ env: { SERA_SERVER: 'embedded' }, file: '/no/such/file' })
  t.is(service('KillMode'), 'mixed')
  t.true(seconds(service('TimeoutStopSec')) > settings.graceMs)
})

test('the command line is valid, and a time-out is no failure', t => {
  const [program, ...words] = service('ExecStart').split(' ')
  t.is(program, '/usr/local/bin/sera')
  const line = splitCommandLine(words)
  t.true(line.kind === 'classic' && line.wait === '0')
  t.is(service('SuccessExitStatus'), String(EXIT_CODES['timed-out'].code))
})

test('all hosts start within the time that the lock is held', t => {
  const held = splitCommandLine(service('ExecStart').split(' ').slice(1)).flags.find(flag => /hold-at-least/.test(flag))
  const apart = seconds(setting(UNITS[1] ?? '', 'AccuracySec')) + seconds(setting(UNITS[1] ?? '', 'RandomizedDelaySec'))
  t.true(apart < seconds(held?.split('=')[1] ?? ''))
})

const gateway = (name: string) => setting(GATEWAY, name)

test('the gateway’s command line is valid and reads its secrets from systemd credentials', t => {
  const [program, ...words] = gateway('ExecStart').split(' ')
  t.is(program, '/usr/local/bin/sera')
  const line = splitCommandLine(words)
  const split = line.kind === 'subcommand' ? splitSubcommand(line) : line
  if (!('form' in split)) return t.fail()
  t.is(split.form.name, 'serve')
  const credentials = paragraphs(GATEWAY)
    .flat()
    .flatMap(text => /^LoadCredential=([^:]+):/.exec(text)?.[1] ?? [])
  t.deepEqual(credentials, ['sera.json', 'token'])
  t.regex(split.flags.join(' '), /--config=\$\{CREDENTIALS_DIRECTORY\}\/sera\.json/)
  t.regex(split.flags.join(' '), /--token-file=\$\{CREDENTIALS_DIRECTORY\}\/token/)
})

test('the gateway reloads on SIGHUP and does not restart after a config error', t => {
  t.is(gateway('ExecReload'), '/bin/kill -HUP $MAINPID')
  t.is(gateway('Restart'), 'on-failure')
  t.is(gateway('RestartPreventExitStatus'), `${EXIT_CODES.config.code} ${EXIT_CODES.usage.code}`)
})

test('the gateway is confined but can read its clock', t => {
  for (const name of ['DynamicUser', 'NoNewPrivileges', 'ProtectHome']) t.is(gateway(name), 'yes')
  t.is(gateway('ProtectSystem'), 'strict')
  t.is(gateway('CapabilityBoundingSet'), '')
  t.true(Number(gateway('LimitNOFILE')) > 10_000)
  const names = paragraphs(GATEWAY)
    .flat()
    .map(text => text.split('=')[0])
  for (const name of ['ProcSubset', 'MemoryDenyWriteExecute']) t.false(names.includes(name), name)
})
