/**
 * The examples of docs/reference/library.md: compiled as the programs of strict users are, and run on every server. What stands in
 * a comment behind a `console.log` is what it must print.
 *
 * The README's examples run on the same servers at the same time: both must not use one name of one kind.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { sharedServers } from '../support/servers.js'
import { fenced } from './markdown.js'

const run = promisify(execFile)

const DSN = 'sera:secret@tcp(db:3306)/sera'
const CONNECTED = `import { connect } from 'sera'
await using sera = await connect('${DSN}')
`

const examples = fenced('docs/reference/library.md', 'ts')
// within the package, so that `sera` is this one
const folder = resolve('build/examples')

test.before('compiled', async () => {
  rmSync(folder, { recursive: true, force: true })
  for (const server of sharedServers()) {
    mkdirSync(`${folder}/${server.kind}`, { recursive: true })
    examples.forEach((example, index) => {
      writeFileSync(`${folder}/${server.kind}/${index}.ts`, program(example).replaceAll(DSN, server.dsn()))
    })
  }
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ extends: '../../tsconfig.json', ...COMPILER }))
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', folder]).catch(({ stdout }) => {
    throw new Error(stdout)
  })
})

test('there are examples, and most state their output', t => {
  t.true(examples.length >= 7)
  t.true(examples.filter(example => printed(example) !== '').length >= 7)
})

for (const server of sharedServers()) {
  examples.forEach((example, index) => {
    test(`docs/reference/library.md, example ${index + 1} (${server.kind})`, async t => {
      const { stdout, stderr } = await run(process.execPath, [`${folder}/compiled/${server.kind}/${index}.js`])
      t.is(stdout, printed(example))
      t.is(stderr, '')
    })
  })
}

const COMPILER = {
  compilerOptions: { rootDir: '.', outDir: 'compiled', declaration: false, noUnusedLocals: false },
  include: ['*/*.ts'],
}

function program(example: string): string {
  return example.includes('await connect(') || example.includes('sera/testing') ? example : CONNECTED + example
}

function printed(example: string): string {
  return [...example.matchAll(/console\.log\(.*\) \/\/ (.*\n)/g)].map(([, text]) => text).join('')
}
