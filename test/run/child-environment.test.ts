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

test('the command learns of its lock, and nothing of an outer sera’s', t => {
  const env = childEnvironment(
    { PATH: '/bin', SERA_LOCK: 'outer', SERA_TOKEN: '9', SERA_SLOT: '2', SERA_SERVER: 'x' },
    facts,
  )
  t.deepEqual(env, { PATH: '/bin', SERA_SERVER: 'x', SERA_LOCK: 'deploy', SERA_WAITED_MS: '13', SERA_HELD: facts.held })
})

test('what is held above is passed down in order', t => {
  t.is(childEnvironment({ SERA_HELD: 'outer' }, facts).SERA_HELD, `outer ${facts.held}`)
})
