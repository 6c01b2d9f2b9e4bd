import test from 'ava'
import { childEnvironment } from '../../src/run/child-environment.js'
import { heldEntry } from '../../src/run/nested.js'

const facts = {
  lock: 'deploy',
  waitedMs: 12.6,
  token: undefined,
  slot: undefined,
  held: heldEntry(7, 'deploy', 'db:3306'),
}

test('the environment describes the own lock, not that of an outer sera', t => {
  const env = childEnvironment(
    { PATH: '/bin', SERA_LOCK: 'outer', SERA_TOKEN: '9', SERA_SLOT: '2', SERA_SERVER: 'x' },
    facts,
  )
  t.deepEqual(env, { PATH: '/bin', SERA_SERVER: 'x', SERA_LOCK: 'deploy', SERA_WAITED_MS: '13', SERA_HELD: facts.held })
})

test('SERA_HELD lists the outer locks first', t => {
  t.is(childEnvironment({ SERA_HELD: 'outer' }, facts).SERA_HELD, `outer ${facts.held}`)
})
