/** The command's environment when some values are not UTF-8, for each shell that may be /bin/sh. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import test from 'ava'
import { type Launch, withRawValues } from '../../src/child/raw-environment.js'

const SHELLS = [
  { file: '/bin/dash', argv0: 'sh' },
  { file: '/bin/bash', argv0: 'sh' },
  { file: '/bin/busybox', argv0: 'sh' },
].filter(({ file }) => existsSync(file))

const PATH = '/usr/bin:/bin'
const COMMAND = { file: 'cat', args: ['/proc/self/environ'] }

/** How a runtime decodes an environment of these bytes. */
function decoded(entries: readonly Buffer[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    entries.map(entry => /^([^=]*)=(.*)$/s.exec(entry.toString())?.slice(1) as [string, string]),
  )
}

function bytes(...latin1: string[]): Buffer[] {
  return latin1.map(text => Buffer.from(text, 'latin1'))
}

/** The command's environment, entry by entry; bash adds `_` and SHLVL. */
function found({ file, argv0 }: (typeof SHELLS)[number], { args, env }: Launch): string[] {
  const { stdout } = spawnSync(file, args, { argv0, env })
  const entries = stdout.toString('latin1').split('\0')
  return entries.filter(entry => entry !== '' && !/^(?:_|SHLVL)=/.test(entry)).toSorted()
}

const environment = bytes(
  `PATH=${PATH}`,
  'PLAIN=caf\xc3\xa9',
  'RAW=caf\xe9',
  "AWKWARD=-n \xff '$(id)`id`\\n%s\t\n\n",
  'EMPTY=',
  'BASH_FUNC_hello%%=() {  echo "hi"\n}',
  'a.b=\xfe=\xff\n',
  'a-b=plain',
)

for (const shell of SHELLS) {
  test(`${shell.file}: every value reaches the command unchanged; no variable is added or lost`, t => {
    const launch = withRawValues({ ...COMMAND, env: decoded(environment) }, () => Buffer.concat(joined(environment)))
    t.is(launch.file, '/bin/sh')
    const shown = JSON.stringify(launch.args)
    t.false(/caf|id/.test(shown), 'no value is in an argument')
    t.deepEqual(found(shell, launch), environment.map(entry => entry.toString('latin1')).toSorted())
  })

  test(`${shell.file}: variables that the shell knows keep their values`, t => {
    const own = bytes(`PATH=${PATH}`, 'PWD=/nowhere', 'OLDPWD=/x', 'SHLVL=7', 'IFS=\xff', 'HOME=\xff', 'x=\xff')
    const launch = withRawValues({ ...COMMAND, env: decoded(own) }, () => Buffer.concat(joined(own)))
    const values = found(shell, launch)
    for (const entry of ['IFS=\xff', 'HOME=\xff', 'x=\xff']) t.true(values.includes(entry), entry)
  })
}

function joined(entries: readonly Buffer[]): Buffer[] {
  return entries.flatMap(entry => [entry, Buffer.from([0])])
}

test('a UTF-8 environment starts the command without a shell or /proc', t => {
  const launch = { ...COMMAND, env: { PATH, PLAIN: 'café', SERA_HELD: '\uFFFD' } }
  t.is(
    withRawValues(launch, () => t.fail() as never),
    launch,
  )
})

test('a genuine U+FFFD needs no shell', t => {
  const launch = { ...COMMAND, env: { PATH, ODD: '\uFFFD' } }
  t.is(
    withRawValues(launch, () => Buffer.from(`PATH=${PATH}\0ODD=\uFFFD\0`)),
    launch,
  )
})
