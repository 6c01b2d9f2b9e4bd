/**
 * The documents' `console` blocks, typed into a shell: lines that begin with `$ ` are commands, the others the output that
 * must follow (stdout and stderr), with `…` for any text. The line after `sera serve … &` is typed when the gateway answers; a
 * block that starts a gateway ends with `kill %1`.
 */
import { mkdirSync, symlinkSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { admin } from '../support/admin.js'
import { sera } from '../support/cli.js'
import { couples } from '../support/each.js'
import { RUNTIMES, type SeraRuntime } from '../support/runtimes.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { DOCUMENTS, fenced, pagesIn } from './markdown.js'

interface ExampleStep {
  command: string
  shown: string
}

const folder = await mkdtemp(join(tmpdir(), 'sera-examples-'))
const COUPLES = couples(RUNTIMES, sharedServers())
const END = '\x1e\n'

/** On every server and runtime. The others run on one of them, by turns. */
const EVERYWHERE = ['README.md', ...pagesIn('docs/reference')]

test('README and the documents have examples', t => {
  t.true(fenced('README.md', 'console').length >= 3)
  t.true(DOCUMENTS.flatMap(page => fenced(page, 'console')).length >= 50)
})

for (const [place, document] of DOCUMENTS.entries()) {
  const turn = place % COUPLES.length
  const chosen = EVERYWHERE.includes(document) ? COUPLES : COUPLES.slice(turn, turn + 1)
  for (const [index, text] of fenced(document, 'console').entries()) {
    const block = steps(text)
    for (const [runtime, server] of chosen) {
      test.serial(
        `${document}, example ${index + 1}: ${block[0]?.command} (${runtime.name}, ${server.kind})`,
        async t => {
          const said = await typed(block, runtime, server)
          t.is(said.length, block.length)
          block.forEach(({ command, shown }, step) => {
            const output = said[step] ?? ''
            if (shown.includes('…')) t.regex(output, pattern(shown), command)
            else t.is(output, shown, command)
          })
        },
      )
    }
  }
}

function steps(block: string): ExampleStep[] {
  const [before, ...rest] = block.split(/^\$ /m)
  if (before !== '') throw new Error(`no command before: ${before}`)
  return rest.map(text => {
    const end = text.indexOf('\n') + 1
    return { command: text.slice(0, end - 1), shown: text.slice(end) }
  })
}

/** The output of each command, all in one bash. */
async function typed(block: readonly ExampleStep[], runtime: SeraRuntime, server: SharedServer): Promise<string[]> {
  const lines = block.map(({ command }) => `${command}\n${isGateway(command) ? ANSWERS : ''}printf '\\036\\n'`)
  const script = ['exec 2>&1', ...lines].join('\n')
  const database = await databaseFor(runtime, server)
  const env = { SERA_SERVER: server.dsn(database), PATH: `${programs(runtime)}:${process.env.PATH}` }
  const { stdout } = await sera({ ...runtime, program: 'bash' }, ['-c', script], { env, cwd: folder })
  return stdout.split(END).slice(0, -1)
}

/** Waits until a gateway answers at the default address. */
const ANSWERS = 'until curl -sf localhost:9989/healthz >/dev/null; do sleep 0.1; done\n'

function isGateway(command: string): boolean {
  return /^sera serve\b.*&$/.test(command)
}

/** Each runtime has its own: a run that one has recorded would not run again. */
async function databaseFor({ name }: SeraRuntime, server: SharedServer): Promise<string> {
  const database = `examples_${name}`
  await using root = await admin(server)
  await root.run(`CREATE DATABASE IF NOT EXISTS ${database}; GRANT ALL ON ${database}.* TO sera@'%'`)
  return database
}

/** A folder that contains `sera` alone. */
function programs(runtime: SeraRuntime): string {
  const path = join(folder, runtime.name)
  if (mkdirSync(path, { recursive: true })) symlinkSync(runtime.program, join(path, 'sera'))
  return path
}

function pattern(shown: string): RegExp {
  const escaped = shown.split('…').map(text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('[^\\n]*')}$`)
}
