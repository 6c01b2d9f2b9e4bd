/** The command gets from sera everything that it has without sera, and some facts about its lock. */
import { exec, execFile, execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { lockName } from '../../src/lockname/lockname.js'
import { sera } from '../support/cli.js'
import { RUNTIMES } from '../support/runtimes.js'
import { bench } from '../support/sera.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'
import { until } from '../support/until.js'
import { signalCounter } from './fixtures.js'

const folder = await mkdtemp(join(tmpdir(), 'sera-command-'))
const [server] = sharedServers() as [SharedServer]
const env = { SERA_SERVER: server.dsn() }
/** A command whose environment contains bytes that Node cannot pass. */
async function bytesOf([file = '', ...args]: readonly string[], more: Record<string, string>) {
  return await new Promise<{ code: number; stdout: string }>(resolve => {
    execFile(file, args, { env: { ...process.env, ...more } }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), stdout }),
    )
  })
}

const PRINT_ARGV = ['sh', '-c', 'for word; do printf "%s\\0" "$word"; done', 'sh']

for (const runtime of RUNTIMES) {
  const run = (args: readonly string[], more: Parameters<typeof sera>[2] = {}) =>
    sera(runtime, args, { ...more, env: { ...env, ...more.env } })

  test(`${runtime.name}: arguments arrive unchanged`, async t => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter(word => !/\0|\p{Cs}|\uFFFD/u.test(word))
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 6 }), async words => {
        const { stdout } = await run(['5', ...PRINT_ARGV, ...words])
        return JSON.stringify(stdout.split('\0').slice(0, -1)) === JSON.stringify(words)
      }),
      { numRuns: 15 },
    )
    const awkward = [
      '',
      ' ',
      '$HOME',
      '`id`',
      "it's",
      '"',
      '\\',
      '*',
      '--name',
      '--',
      '5',
      '🔒',
      'a\nb',
      '-n',
      'x'.repeat(100_000),
    ]
    t.deepEqual((await run(['5', ...PRINT_ARGV, ...awkward])).stdout.split('\0').slice(0, -1), awkward)
  })

  test(`${runtime.name}: an argument that is not UTF-8 is refused`, async t => {
    const script = `exec "$1" 5 printf %s "$(printf 'a\\377')"`
    const code = await new Promise(resolve => {
      const line = `sh -c '${script.replaceAll("'", `'\\''`)}' sh ${runtime.program}`
      exec(line, { env: { ...process.env, ...env } }, error => resolve(error?.code))
    })
    t.is(code, 201)
  })

  test(`${runtime.name}: an environment value that is not UTF-8 arrives unchanged, also under nohup`, async t => {
    for (const under of ['', "trap '' HUP; "]) {
      const script = `${under}RAW="$(printf 'caf\\351 \\377')" exec "$1" 5 sh -c 'printf %s "$RAW" | od -An -tx1; exit 3'`
      const { code, stdout } = await bytesOf(['sh', '-c', script, 'sh', runtime.program], env)
      t.is(code, 3)
      t.is(stdout, ' 63 61 66 e9 20 ff\n', under)
    }
  })

  test(`${runtime.name}: the command inherits stdin, stdout and stderr themselves`, async t => {
    const file = join(folder, `${runtime.name}-out`)
    const out = openSync(file, 'w')
    const { code } = await run(['5', 'sh', '-c', 'readlink /proc/self/fd/1; exit 4'], { stdio: ['ignore', out, out] })
    closeSync(out)
    t.is(code, 4)
    t.is(readFileSync(file, 'utf8'), `${file}\n`)
  })

  test(`${runtime.name}: inherited descriptors keep their numbers`, async t => {
    const file = join(folder, `${runtime.name}-seven`)
    writeFileSync(file, 'seven')
    const script = `${runtime.program} 5 sh -c 'cat <&7; cat "$1"; readlink /proc/self/fd/9' sh <(printf piped) 7<${file} 9>/dev/null`
    const stdout = await new Promise((resolve, reject) => {
      execFile('bash', ['-c', script], { env: { PATH: process.env.PATH, ...env } }, (error, text) =>
        error ? reject(error) : resolve(text),
      )
    })
    t.is(stdout, 'sevenpiped/dev/null\n')
  })

  test(`${runtime.name}: the command inherits only its own descriptors and the lifeline, with --close not the lifeline`, async t => {
    const opened = (text: string) =>
      text.match(/\d+ -> (socket|pipe|anon).*/g)?.filter(line => Number.parseInt(line, 10) > 2) ?? []
    const plain = opened(execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' })).length
    const extra = opened((await run(['5', 'ls', '-l', '/proc/self/fd'])).stdout)
    t.is(extra.length, plain + 1, extra.join())
    t.regex(extra.find(line => line.includes('socket')) ?? '', /^\d{3} -> socket:/)
    t.is(opened((await run(['--close', '5', 'ls', '-l', '/proc/self/fd'])).stdout).length, plain)
  })

  test(`${runtime.name}: the environment describes the own lock, not an outer one`, async t => {
    const command = ['sh', '-c', 'echo $SERA_LOCK:$SERA_WAITED_MS:$SERA_TOKEN:$SERA_SLOT:$OTHER']
    const { stdout } = await run(['5', ...command], {
      env: { SERA_LOCK: 'outer', SERA_WAITED_MS: 'outer', SERA_TOKEN: 'outer', SERA_SLOT: 'outer', OTHER: 'kept' },
    })
    t.regex(stdout, new RegExp(`^${lockName(command)}:\\d+:::kept\n$`))
  })

  test(`${runtime.name}: a nested sera for the same lock is a conflict at once, for another lock it is not`, async t => {
    const inner = `${runtime.program} --name "$1" 60 echo inner`
    const nested = (name: string) => run(['--name', t.title, '60', 'sh', '-c', inner, 'sh', name])
    const same = await nested(t.title)
    t.is(same.code, 208)
    t.regex(same.stderr, /deadlock: a parent sera already holds/)
    const other = await nested(`${t.title} 2`)
    t.deepEqual([other.code, other.stdout], [0, 'inner\n'])
    const twice = `${runtime.program} --name "$1 2" 60 ${runtime.program} --name "$1" 60 echo inner`
    t.is(
      (await run(['--name', t.title, '60', 'sh', '-c', twice, 'sh', t.title])).code,
      208,
      'also with another sera in between',
    )
  })

  test(`${runtime.name}: without a terminal TERM ends the whole group, USR1 reaches only the command`, async t => {
    const journal = join(folder, `${runtime.name}-group`)
    const counter = signalCounter(folder)
    // The traps come first: the inner process reports that it runs, and then both get the signal.
    const traps = `trap 'echo USR1 >>${journal}' USR1; trap 'echo TERM >>${journal}; wait; exit 9' TERM`
    const script = `${traps}; ${counter} ${journal}-inner & wait; wait`
    const { sera: start } = bench(t, runtime, server.dsn())
    const wrapped = start(['5', 'sh', '-c', script])
    const noted = (file: string, text: string) =>
      until(`${text} in ${file}`, () => existsSync(file) && readFileSync(file, 'utf8').includes(text))
    await noted(`${journal}-inner`, 'start')
    wrapped.kill('SIGUSR1')
    await noted(journal, 'USR1')
    wrapped.kill('SIGTERM')
    await noted(journal, 'TERM')
    await noted(`${journal}-inner`, 'TERM')
    t.notRegex(readFileSync(`${journal}-inner`, 'utf8'), /USR1/)
    writeFileSync(`${journal}-inner.end`, '')
    t.is(await wrapped.exited, 9)
  })

  test(`${runtime.name}: a signal ends a wait with its own code, and no command runs`, async t => {
    const { sera: start } = bench(t, runtime, server.dsn())
    const started = join(folder, `${runtime.name}-interrupted`)
    const holder = start(['5', 'sh', '-c', `echo >${started}; sleep 1000`])
    await until('the lock is held', () => existsSync(started))
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
      ['SIGHUP', 129],
      ['SIGQUIT', 131],
    ] as const) {
      const waiter = start(['60', 'echo', 'ran'])
      await until('sera listens to signals', () => listensTo(waiter.pid, signal))
      waiter.kill('SIGUSR1')
      waiter.kill(signal)
      t.is(await waiter.exited, code)
      t.is(waiter.stdout + waiter.stderr, '')
    }
    holder.kill('SIGTERM')
    t.is(await holder.exited, 143)
  })

  test(`${runtime.name}: --outcome-file gets the outcome as JSON`, async t => {
    const file = join(folder, `${runtime.name}-outcome`)
    const outcome = async (...args: string[]) => {
      await run(['--outcome-file', file, ...args])
      return JSON.parse(readFileSync(file, 'utf8'))
    }
    const ran = await outcome('--name', 'told', '5', 'sh', '-c', 'exit 3')
    t.like(ran, { outcome: 'ran', exitCode: 3, lock: 'told', command: ['sh', '-c', 'exit 3'], waitMs: 5000 })
    t.true(ran.waitedMs >= 0 && ran.ranMs > 0)
    t.like(await outcome('forever', 'no-such-program'), { outcome: 'not-started', exitCode: 203, waitMs: null })
    t.like(await outcome('5x', 'ls'), { outcome: 'usage', exitCode: 201 })
  })

  test(`${runtime.name}: --print-lock-name prints the name of the original, without a server or a command`, async t => {
    const { code, stdout } = await sera(runtime, ['--print-lock-name', '5', 'ls', '-ltra'])
    t.deepEqual({ code, stdout }, { code: 0, stdout: '5373fa7de6f7dd54052abf86b3a53da4\n' })
  })
}

/** Whether a process has a handler for the signal. */
function listensTo(pid: number, signal: NodeJS.Signals): boolean {
  const number = { SIGTERM: 15n, SIGINT: 2n, SIGHUP: 1n, SIGQUIT: 3n }[signal as string] ?? 0n
  try {
    const caught = /SigCgt:\s*(\w+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0'
    return (
      readlinkSync(`/proc/${pid}/exe`) !== '/bin/sh' &&
      ((BigInt(`0x${caught}`) >> (number - 1n)) & 1n) === 1n &&
      hasUserSignal(caught)
    )
  } catch {
    return false
  }
}

/** Requires USR1 as well: then the handler is sera's own, not one of the runtime or a shell. */
function hasUserSignal(caught: string): boolean {
  return ((BigInt(`0x${caught}`) >> 9n) & 1n) === 1n && ((BigInt(`0x${caught}`) >> 11n) & 1n) === 1n
}
