/** `sera status --watch` on a terminal, which it restores at its end, and the question of `sera break`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanEnvironment, sera } from '../support/cli.js'
import { TestTerminal } from '../support/pty.js'
import { RUNTIMES } from '../support/runtimes.js'
import { type SharedServer, sharedServers, startServer } from '../support/servers.js'
import { test } from '../support/turns.js'
import { until } from '../support/until.js'

const folder = await mkdtemp(join(tmpdir(), 'sera-watch-'))
const [server] = sharedServers() as [SharedServer]

async function open(command: string, dsn = server.dsn()): Promise<TestTerminal> {
  return new TestTerminal(command, { ...(await cleanEnvironment()), SERA_SERVER: dsn })
}

/** Whether the terminal is restored: normal screen, cursor, echo. */
const RESTORED = /\[\?7h.\[\?25h.\[\?1049l.*rc (\d+)\r\n.* icanon .* echo /s
const AFTERWARDS = 'echo "rc $?"; stty -a | tr ";\\n" "  "'

for (const runtime of RUNTIMES) {
  const env = { SERA_SERVER: server.dsn() }
  const run = (...args: string[]) => sera(runtime, args, { env })

  for (const [how, end, code] of [
    ['q', (terminal: TestTerminal) => terminal.type('q'), '0'],
    ['Ctrl-C', (terminal: TestTerminal) => terminal.type('\x03'), '0'],
    ['TERM', (_: TestTerminal, pid: number) => process.kill(pid, 'SIGTERM'), '143'],
  ] as const) {
    test(`${runtime.name}: --watch follows changes until ${how}, and restores the terminal`, async t => {
      const name = `watched ${runtime.name} ${how}`
      const pidFile = join(folder, `${runtime.name}-${how}`)
      const command = `sh -c 'echo $$ >${pidFile}; exec ${runtime.program} status --watch counter "${name}"'`
      const terminal = await open(`trap : INT; ${command}; ${AFTERWARDS}`)
      await terminal.sees(/\[\?1049h.*(no holders|no visible holders).*q quits/s)
      await run('sem', name, '7')
      await terminal.sees(new RegExp(`counter ${name}.*value 7`, 's'))
      end(terminal, Number(readFileSync(pidFile, 'utf8')))
      t.is((await terminal.sees(RESTORED))[1], code)
      t.is((await run('sem', name, '-7')).code, 0)
    })
  }

  test(`${runtime.name}: --watch retries while the database is unreachable, and can be ended then`, async t => {
    await using own = await startServer({ kind: 'mariadb' })
    const terminal = await open(`${runtime.program} status --watch; ${AFTERWARDS}`, own.dsn())
    await terminal.sees(/q quits/)
    await own.kill('SIGKILL')
    await terminal.sees(/database unreachable for \d+s, retrying: connection refused/)
    const before = terminal.output.length
    await own.restart()
    await until('it is back', () => /q quits/.test(terminal.output.slice(before)))
    await own.kill('SIGSTOP')
    await terminal.sees(/retrying: no answer/)
    terminal.type('q')
    t.is((await terminal.sees(RESTORED))[1], '0')
  })

  test(`${runtime.name}: --watch --json prints a line for each change, and ends when its reader does`, async t => {
    const name = `lines ${runtime.name}`
    const file = join(folder, `lines-${runtime.name}`)
    writeFileSync(file, '')
    const script = `${runtime.program} status --watch --json counter '${name}' | while read -r line; do
      echo "$line" >>${file}; case $line in *'"value":3'*) break ;; esac; done`
    const watching = sera({ ...runtime, program: 'bash' }, ['-c', script], { env })
    const values = () => {
      const lines = readFileSync(file, 'utf8').trim().split('\n').filter(Boolean)
      return lines.map(line => JSON.parse(line).resources[0]?.value)
    }
    await until('the first look', () => values().length > 0)
    for (const value of [2, 3]) {
      t.is((await run('sem', name, String(value - (values().at(-1) ?? 0)))).code, 0)
      await until(`a value of ${value}`, () => values().includes(value))
    }
    await run('sem', name, '1') // a line without a reader
    await watching
    t.deepEqual(
      values().filter(value => value !== undefined),
      [2, 3],
    )
    await run('sem', name, '-4')
  })

  test(`${runtime.name}: break shows the claims and asks`, async t => {
    const name = `asked ${runtime.name}`
    const holder = run('--lease', '15s', '--grace', '1s', 'rwlock', 'write', name, '5', 'sleep', '600')
    await until('it is held', async () => /1 held/.test((await run('status', 'rwlock', name)).stdout))
    const refused = await open(`${runtime.program} break rwlock '${name}'; echo "rc $?"`)
    await refused.sees(/rwlock asked.*1 writer.*writes .* pid \d+ .*Break it\? \[y\/N\] /s)
    refused.type('\n')
    await refused.sees(/sera: nothing was broken\r\nrc 208/)
    t.notRegex(refused.output, /broke rwlock/)
    const agreed = await open(`${runtime.program} break rwlock '${name}'; echo "rc $?"`)
    await agreed.sees(/Break it\?/)
    agreed.type('y\n')
    await agreed.sees(/broke rwlock asked.*rc 0/s)
    t.is((await holder).code, 206)
  })
}
