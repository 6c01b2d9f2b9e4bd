/** The workflow that releases a tag: it can't run here, so its parts are checked. */
import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import { parse } from 'yaml'

interface Step {
  uses?: string
  run?: string
}

interface Job {
  needs?: string
  permissions?: Record<string, string>
  steps: Step[]
}

const workflow = parse(readFileSync('.github/workflows/release.yml', 'utf8')) as {
  on: unknown
  permissions: unknown
  jobs: Record<'build' | 'publish', Job>
}
const { build, publish } = workflow.jobs
const commands = (job: Job) => job.steps.map(({ run = '' }) => run).join('\n')

test('the release workflow starts for a tag and may write only where it publishes', t => {
  t.deepEqual(workflow.on, { push: { tags: ['v*'] } })
  t.deepEqual(workflow.permissions, { contents: 'read' })
  t.is(build.permissions, undefined)
  t.deepEqual(publish.permissions, { contents: 'write', 'id-token': 'write', attestations: 'write' })
})

test('the release workflow tests before it publishes, and calls scripts that exist', t => {
  t.is(publish.needs, 'build')
  t.regex(commands(build), /npm run test:release\n(.*\n)*scripts\/release/)
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const [, name = ''] of commands(build).matchAll(/npm run ([\w:]+)/g)) t.true(name in scripts, name)
  for (const [path] of commands(build).matchAll(/scripts\/[\w-]+/g)) t.true(existsSync(path), path)
})

test('the release workflow checks the sums and signs all files before npm gets one', t => {
  const order = [
    'sha256sum --check',
    'actions/attest-build-provenance',
    'actions/attest-sbom',
    'npm publish --provenance',
  ]
  const steps = publish.steps.map(({ uses = '', run = '' }) => `${uses} ${run}`)
  const places = order.map(part => steps.findIndex(step => step.includes(part)))
  t.false(places.includes(-1))
  t.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  )
})
