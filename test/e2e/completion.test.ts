/** Completion in real shells: what Tab offers. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { each, onRuntimes } from '../support/each.js'
import type { Bench } from '../support/sera.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

const SHELLS: Readonly<Record<string, readonly string[]>> = {
  /** The words as readline splits them. */
  bash: [
    'bash',
    '-c',
    `eval "$(sera completion bash)"; COMP_WORDS=(sera "$@"); COMP_CWORD=$#; _sera
     [ "$COMPREPLY" ] && printf '%s\\n' "\${COMPREPLY[@]}" || echo files`,
  ],
  /** zsh without a line editor: prints what compadd would get. */
  zsh: [
    'zsh',
    '-fc',
    `compdef() { :; }; _default() { echo files; }; compadd() { shift; print -l -- "$@"; }
     eval "$(sera completion zsh)"; words=(sera "$@"); CURRENT=$#words; _sera`,
  ],
  fish: [
    'fish',
    '--no-config',
    '-c',
    `sera completion fish | source; function __fish_complete_path; echo files; end
     complete -C "sera $(string join ' ' -- $argv[2..])"`,
  ],
}

async function offered(t: ExecutionContext, bench: Bench, shell: string, words: readonly string[]): Promise<string[]> {
  const env = { PATH: `${bench.folder}:${process.env.PATH}` }
  const { stdout, stderr } = await bench.sub(words, { prefix: SHELLS[shell] ?? [], env }).ended()
  t.is(stderr, '', shell)
  return stdout.split('\n').filter(Boolean)
}

each('Tab in each shell offers subcommands, values and names in use', async (t, bench) => {
  symlinkSync(bench.program, join(bench.folder, 'sera'))
  const name = `shells-${bench.program.includes('dist') ? 'binary' : 'node'}`
  const held = await hold(bench, ['rwlock', 'write', name, '30']).started()
  for (const shell of Object.keys(SHELLS)) {
    const tab = (...words: string[]) => offered(t, bench, shell, words)
    t.deepEqual(await tab('sema'), ['semaphore'], shell)
    t.deepEqual(await tab('--engine', 'le'), ['lease'], shell)
    // on a busy machine the server may not have answered in time
    await until(`${shell} offers the name`, async () =>
      (await tab('status', 'rwlock', name.slice(0, -1))).includes(name),
    )
    t.deepEqual(await tab('5', 'fi'), ['files'], `${shell}: the command's own words`)
  }
  t.deepEqual(await offered(t, bench, 'bash', ['--engine', '=', 'le']), ['lease'], 'bash splits words at =')
  t.deepEqual(await offered(t, bench, 'bash', ['--engine', '=']), ['auto', 'get_lock', 'lease'])
  t.deepEqual(await offered(t, bench, 'zsh', ['--engine=le']), ['--engine=lease'])
  t.is(await held.end(), 0)
})

onRuntimes('an unreachable server gives no names, no message and exit code 0', async (t, bench) => {
  const args = ['--get-yargs-completions', 'sera', 'status', 'rwlock', '']
  t.deepEqual(await bench.sub(args).ended(), { code: 0, stdout: '', stderr: '' })
})

onRuntimes('sera completion prints the script of the named shell, or of $SHELL', async (t, bench) => {
  const script = async (args: string[], env = {}) =>
    (await bench.sub(['completion', ...args], { env })).ended().then(({ stdout }) => stdout)
  t.regex(await script(['bash']), /^complete .* sera$/m)
  t.regex(await script(['zsh']), /^#compdef sera$/m)
  t.is(await script([], { SHELL: '/usr/bin/fish' }), await script(['fish']))
  t.is(await script([], { SHELL: '/bin/dash' }), await script(['bash']))
  for (const words of [
    ['completion', 'tcsh'],
    ['version', 'extra'],
    ['help', 'nosuch'],
    ['help', 'status', 'extra'],
  ]) {
    const { code, stdout, stderr } = await bench.sub(words).ended()
    t.deepEqual([code, stdout], [201, ''], words.join(' '))
    t.regex(stderr, /^sera: [^\n]+\n$/)
  }
})
