/** Servers on which GET_LOCK does not lock are detected, on real servers. */
import { existsSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { supportRules, unsupportedServer } from '../../../src/store/get-lock/server-support.js'
import { type CliResult, sera } from '../../support/cli.js'
import { RUNTIMES } from '../../support/runtimes.js'
import { sharedServers, startServer, type TestServer } from '../../support/servers.js'

const PROVIDER = '/usr/lib/galera/libgalera_smm.so'
const GROUP = [
  '--plugin-load-add=group_replication.so',
  '--loose-group-replication-start-on-boot=OFF',
  '--loose-group-replication-group-name=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
]
const [runtime] = RUNTIMES as [(typeof RUNTIMES)[number]]

const LEASED = 'sera: the server is a member of a cluster; using the lock tables (engine lease)\n'

type StartedRun = (flags?: string[], env?: NodeJS.ProcessEnv) => Promise<CliResult>

async function on(t: ExecutionContext, kind: TestServer['kind'], args: string[]): Promise<StartedRun> {
  const server = await startServer({ kind, args })
  t.teardown(() => server.stop())
  return (flags = [], env = {}) =>
    sera(runtime, [...flags, '60', 'echo', 'ran'], { env: { SERA_SERVER: server.dsn(), ...env } })
}

function refused(t: ExecutionContext, { code, stdout, stderr }: CliResult, reason: RegExp): void {
  t.deepEqual({ code, stdout }, { code: 202, stdout: '' })
  t.regex(stderr, /^sera: GET_LOCK cannot lock safely on this server: [^\n]+\n$/)
  t.regex(stderr, reason)
}

for (const { kind } of sharedServers()) {
  test(`${kind}: a read-only server is refused before the wait`, async t => {
    const run = await on(t, kind, ['--read-only=1'])
    refused(t, await run(), /read-only/)
  })
}

test('on a Galera member auto uses the lock tables; get_lock needs allowMultiPrimary', async t => {
  if (!existsSync(PROVIDER)) return t.fail('the test needs the Galera provider (Debian: apt-get install galera-4)')
  const run = await on(t, 'mariadb', [
    '--wsrep-on=ON',
    `--wsrep-provider=${PROVIDER}`,
    '--wsrep-cluster-address=gcomm://',
    '--binlog-format=ROW',
    '--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:0;pc.recovery=FALSE',
  ])
  t.like(await run(['--verbose']), { code: 0, stdout: 'ran\n', stderr: LEASED })
  t.regex(
    (await run(['--verbose', '--lease', '14s', '--grace', '1s'])).stderr,
    /a lease of 14s is short.* 15s or longer/,
  )
  refused(t, await run(['--engine', 'get_lock']), /Galera/)
  t.is((await run([], { SERA_ALLOW_MULTI_PRIMARY: 'true' })).stdout, 'ran\n', 'the user sends all hosts to one member')
})

const withMySql = sharedServers().some(({ kind }) => kind === 'mysql')
const onMySql = withMySql ? test : () => {}

onMySql('on Group Replication auto uses the lock tables; a primary accepts get_lock', async t => {
  const single = await on(t, 'mysql', GROUP)
  t.like(await single(['--verbose']), { code: 0, stdout: 'ran\n', stderr: LEASED })
  t.regex((await single(['--verbose', '--lease', '29s'])).stderr, /a lease of 29s is short.* 30s or longer/)
  t.is((await single(['--engine', 'get_lock'])).stdout, 'ran\n')
  const multi = await on(t, 'mysql', [
    ...GROUP,
    '--loose-group-replication-single-primary-mode=OFF',
    '--loose-group-replication-enforce-update-everywhere-checks=ON',
  ])
  refused(t, await multi(['--engine', 'get_lock']), /multi-primary/)
})

test('with allowMultiPrimary no rule applies', t => {
  t.deepEqual(supportRules('auto', true), [])
  t.is(supportRules('auto', false).length, supportRules('get_lock', false).length + 1)
})

test('each rule has a reason; an unknown variable is its own reason', t => {
  for (const { variable } of supportRules('auto', false))
    t.true(unsupportedServer(supportRules('auto', false), variable).message.includes(': it is '))
  t.regex(unsupportedServer([], 'something').message, /: something;/)
})
