/** A command ends by itself after its lock was lost: the release notices, and the outcome is `lost`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { each } from '../support/each.js'
import { serve } from '../support/gateway.js'
import type { Bench } from '../support/sera.js'
import { hold } from './held.js'

const KINDS: Readonly<Record<string, (name: string) => string[]>> = {
  mutex: name => ['--engine', 'lease', '--name', name, '5'],
  rwlock: name => ['rwlock', 'write', name, '5'],
  semaphore: name => ['sem', name, '2', '5'],
  'double-barrier': name => ['barrier', name, '1', '5'],
}

const BY_THEN = 'the command had ended with 0, but the lock was lost by then'
const GONE = `${BY_THEN}: its claim was no longer in the lock tables (it expired, or was broken)`

const breaks = async (bench: Bench, kind: string) =>
  (await bench.sub(['break', '--yes', kind, bench.name]).ended()).code

for (const [kind, words] of Object.entries(KINDS)) {
  each(`broken ${kind}: its command ends by itself, and the run is lost (206)`, async (t, bench) => {
    const file = join(bench.folder, 'outcome')
    const held = await hold(bench, ['--outcome-file', file, ...words(bench.name)]).started()
    t.is(await breaks(bench, kind), 0)
    t.is(await held.end(), 206)
    t.is(held.sera.stderr, `sera: ${GONE}\n`)
    t.like(JSON.parse(readFileSync(file, 'utf8')), { outcome: 'lost', exitCode: 206, reason: GONE })
  })
}

each('without a break the lock is released, and the exit code is the command’s', async (t, bench) => {
  for (const [kind, words] of Object.entries(KINDS)) {
    const held = await hold(bench, words(bench.name), { code: 7 }).started()
    t.deepEqual([await held.end(), held.sera.stderr], [7, ''], kind)
  }
})

each('a broken once run is not recorded, and is lost (206)', async (t, bench) => {
  const held = await hold(bench, ['once', bench.name, '5']).started()
  t.is(await breaks(bench, 'once'), 0)
  t.is(await held.end(), 206)
  t.is(held.sera.stderr, `sera: ${BY_THEN}; the run is not recorded, and others may run it again\n`)
})

each('with --on-lost ignore a lost lock keeps the command’s code, with a warning', async (t, bench) => {
  const held = await hold(bench, ['--verbose', 'rwlock', '--on-lost', 'ignore', 'write', bench.name, '5']).started()
  t.is(await breaks(bench, 'rwlock'), 0)
  t.is(await held.end(), 0)
  t.is(held.sera.stderr, `sera: ${GONE}; its exit code counts, as --on-lost ignore says\n`)
})

each('a pool that was released by force: its command ends by itself, and the run is lost (206)', async (t, bench) => {
  const file = join(bench.folder, 'pools.yaml')
  writeFileSync(file, `pools:\n  - { name: ${JSON.stringify(bench.name)}, expire: 1h }\n`)
  const { url } = await serve(bench, ['--pools', file])
  const pool = ['pool', '-H', url, '-r', bench.name, '--as', 'a', '--grace', '200ms']
  const held = await hold(bench, pool).started()
  t.is(await breaks(bench, 'pool'), 0)
  t.is(await held.end(), 206)
  t.is(held.sera.stderr, `sera: ${BY_THEN}: it expired, or was released or broken\n`)
  const kept = await hold(bench, pool).started()
  t.deepEqual([await kept.end(), kept.sera.stderr], [0, ''])
})
