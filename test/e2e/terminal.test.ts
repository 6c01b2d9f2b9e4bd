/** sera on a terminal: Ctrl-C and a hang-up arrive once, and a long wait shows the progress line. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { cleanEnvironment, sera } from '../support/cli.js'
import { isAlive } from '../support/processes.js'
import { TestTerminal } from '../support/pty.js'
import { RUNTIMES, type SeraRuntime } from '../support/runtimes.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'
import { until } from '../support/until.js'
import { signalCounter } from './fixtures.js'

const folder = await mkdtemp(join(tmpdir(), 'sera-terminal-'))
const counter = signalCounter(folder)
const [server] = sharedServers() as [SharedServer]

async function open(command: string): Promise<TestTerminal> {
  return new TestTerminal(command, { ...(await cleanEnvironment()), SERA_SERVER: server.dsn() })
}

/** The notes of the counting command, when there are `enough`. */
async function notes(journal: string, enough: RegExp): Promise<string[]> {
  return await until(`${enough} in ${journal}`, () => {
    const text = existsSync(journal) ? readFileSync(journal, 'utf8') : ''
    return enough.test(text) && text.trim().split('\n')
  })
}

function journalOf(t: ExecutionContext): string {
  return join(folder, t.title.replace(/\W+/g, '-'))
}

async function childOf(journal: string): Promise<number> {
  const [start = ''] = await notes(journal, /start \d+\n/)
  return Number(start.split(' ')[1])
}

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: Ctrl-C and Ctrl-\\ reach the command once, TERM to sera too`, async t => {
    const journal = journalOf(t)
    const terminal = await open(`trap : INT QUIT; ${runtime.program} 5 ${counter} ${journal}; echo "rc $?"`)
    const child = await childOf(journal)
    terminal.type('\x03')
    await notes(journal, /INT/)
    terminal.type('\x1c')
    await notes(journal, /QUIT/)
    process.kill(parentOf(child), 'SIGTERM')
    await notes(journal, /TERM/)
    writeFileSync(`${journal}.end`, '')
    await terminal.sees(/rc 3/)
    t.deepEqual(await notes(journal, /./), [`start ${child}`, 'INT', 'QUIT', 'TERM'])
  })

  test(`${runtime.name}: a hang-up reaches the command once if sera leads the session`, async t => {
    const journal = journalOf(t)
    const terminal = await open(`exec ${runtime.program} 5 ${counter} ${journal}`)
    const child = await childOf(journal)
    terminal.hangUp()
    await notes(journal, /HUP/)
    writeFileSync(`${journal}.end`, '')
    await until('the command gone', () => !isAlive(child))
    t.deepEqual(await notes(journal, /./), [`start ${child}`, 'HUP'])
  })

  test(`${runtime.name}: under nohup a hang-up reaches neither sera nor the command`, async t => {
    const journal = journalOf(t)
    const terminal = await open(
      `nohup ${runtime.program} 5 sh -c 'echo start $$ >>${journal}; while [ ! -e ${journal}.end ]; do sleep 0.05; done; echo end >>${journal}' >/dev/null 2>&1`,
    )
    const child = await childOf(journal)
    const parent = parentOf(child)
    terminal.hangUp()
    await until(
      'the terminal gone',
      () => readFileSync(`/proc/${child}/stat`, 'latin1').split(') ')[1]?.split(' ')[4] === '0',
    )
    for (const pid of [parent, child]) process.kill(pid, 'SIGHUP')
    writeFileSync(`${journal}.end`, '')
    t.deepEqual(await notes(journal, /end/), [`start ${child}`, 'end'])
  })

  test(`${runtime.name}: a hang-up reaches the command if a shell leads the session`, async t => {
    const journal = journalOf(t)
    const terminal = await open('exec bash --norc -i')
    terminal.type(`${runtime.program} 5 ${counter} ${journal}\n`)
    const child = await childOf(journal)
    terminal.hangUp()
    await notes(journal, /HUP/)
    writeFileSync(`${journal}.end`, '')
    await until('the command gone', () => !isAlive(child))
    const hangUps = (await notes(journal, /HUP/)).filter(note => note === 'HUP').length
    t.true(hangUps <= 2, 'bash and the kernel each send one; sera adds none')
  })

  test(`${runtime.name}: the command has the terminal; Ctrl-Z stops both, and fg continues both`, async t => {
    const terminal = await open('exec bash --norc -i')
    terminal.type(
      `PS1=; ${runtime.program} 5 sh -c 'test -t 0 && test -t 1 && echo tty-$((1+1)) >/dev/tty; cat; echo out'\n`,
    )
    await terminal.sees(/tty-2/)
    terminal.type('\x1a')
    await terminal.sees(/Stopped/)
    terminal.type('fg\n')
    await terminal.sees(/fg\r\n.*cat; echo out/s)
    terminal.type('hello\n\x04')
    await terminal.sees(/hello\r\nhello\r\nout/)
    terminal.type('echo "rc $?"; exit\n')
    await terminal.sees(/rc 0/)
    t.pass()
  })

  test(`${runtime.name}: the progress line shows lock, holder and duration; Ctrl-C ends the wait with 130`, async t => {
    await using lock = await holdingElsewhere(runtime, t.title)
    const terminal = await open(`trap : INT; ${runtime.program} --name '${t.title}' 60 echo ran; echo "rc $?"`)
    await terminal.sees(/sera: waiting for .* \(\d+s left\), held for \d+s\+ by \S+/)
    const lines = terminal.output.split('\n')
    t.is(lines.length, 1, 'updated in place')
    terminal.type('\x03')
    await terminal.sees(/sera: SIGINT ended the wait; nothing was run\r\nrc 130/)
    t.notRegex(terminal.output, /ran\r/)
    t.truthy(lock)
  })

  test(`${runtime.name}: a time-out is reported, and the progress line removed`, async t => {
    await using lock = await holdingElsewhere(runtime, t.title)
    const terminal = await open(`${runtime.program} --name '${t.title}' 3.5 echo ran; echo "rc $?"`)
    await terminal.sees(/\[Ksera: timed out after 3\.5s; nothing was run \(lock [^)]+held by [^)]+\)\r\nrc 204/)
    t.true(terminal.output.includes('\r\x1b[Ksera: timed out'), 'the progress line is removed first')
    t.truthy(lock)
  })

  test(`${runtime.name}: the progress line at the lock tables shows place, holder and duration`, async t => {
    await using holder = await holdingElsewhere(runtime, t.title, ['sem', `gpu ${runtime.name}`, '1'])
    const terminal = await open(`${runtime.program} sem 'gpu ${runtime.name}' 1 8 echo ran; echo "rc $?"`)
    await terminal.sees(/sera: waiting for semaphore gpu \w+ \(\d+s left\), next, held for \d+s by \S+ pid/)
    await terminal.sees(
      /\[Ksera: timed out after 8s; nothing was run \(semaphore\/gpu \w+, held for \d+s by .*\)\r\nrc 204/,
    )
    t.truthy(holder)
  })

  test(`${runtime.name}: the progress line at a barrier shows arrived and missing participants`, async t => {
    const name = `barrier ${runtime.name}`
    const env = { SERA_SERVER: server.dsn() }
    const other = sera(runtime, ['br', '--tag', 'web-2', '--wait', '60', name, '3'], { env })
    const terminal = await open(`${runtime.program} br '${name}' 3; echo "rc $?"`)
    await terminal.sees(/sera: waiting at barrier \S+ \S+, 1 of 3 missing, arrived: web-2/)
    t.is((await sera(runtime, ['br', name, '3'], { env })).code, 0)
    await terminal.sees(/rc 0/)
    t.is((await other).code, 0)
  })

  test(`${runtime.name}: Ctrl-C ends a wait at a gate, and -q shows no progress line`, async t => {
    const name = `gate ${runtime.name}`
    const env = { SERA_SERVER: server.dsn() }
    t.is((await sera(runtime, ['gate', 'close', name], { env })).code, 0)
    const terminal = await open(`trap : INT; ${runtime.program} gate wait '${name}'; echo "rc $?"`)
    await terminal.sees(/sera: waiting at gate \S+ \S+, the gate is closed/)
    terminal.type('\x03')
    await terminal.sees(/sera: SIGINT ended the wait\r\nrc 130/)
    const quiet = await open(`${runtime.program} gate wait -q --wait 2 '${name}'; echo "rc $?"`)
    await quiet.sees(/rc 204/)
    t.is(quiet.output, 'rc 204\r\n')
  })

  for (const [where, env] of [
    ['with TERM=dumb', { TERM: 'dumb' }],
    ['in CI', { CI: 'true' }],
  ] as const) {
    test(`${runtime.name}: ${where} there is no progress line`, async t => {
      await using lock = await holdingElsewhere(runtime, t.title)
      const set = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const terminal = await open(
        `env ${set.join(' ')} ${runtime.program} --name '${t.title}' 3 echo ran; echo "rc $?"`,
      )
      await terminal.sees(/rc 204/)
      t.notRegex(terminal.output, /waiting for/)
      t.false(terminal.output.includes('\x1b'))
      t.truthy(lock)
    })
  }
}

/** Another sera that holds the lock of that name, or that of `words`, until it is disposed. */
async function holdingElsewhere(
  runtime: SeraRuntime,
  name: string,
  words: readonly string[] = ['--name', name],
): Promise<AsyncDisposable> {
  const file = join(folder, `hold-${name.replace(/\W+/g, '-')}`)
  const command = ['sh', '-c', `echo >${file}; while [ -e ${file} ]; do sleep 0.05; done`]
  const holder = sera(runtime, [...words, '5', ...command], { env: { SERA_SERVER: server.dsn() } })
  await until('the other sera holds the lock', () => existsSync(file))
  return {
    async [Symbol.asyncDispose]() {
      rmSync(file)
      await holder
    },
  }
}

function parentOf(pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[1])
}
