import test from 'ava'
import type { Host } from '../../src/host.js'
import { heldEntry, sharesAbove } from '../../src/run/nested.js'

const host = (held: string) => ({ env: { SERA_HELD: held } }) as unknown as Host

test('a parent holds the lock if a living ancestor has that name and server', t => {
  const held = host(`${heldEntry(3, 'other', 'db:3306')} ${heldEntry(7, 'deploy', 'db:3306')}`)
  t.deepEqual(
    sharesAbove(held, 'deploy', 'db:3306', () => [20, 7, 3, 1]),
    [''],
  )
  t.deepEqual(
    sharesAbove(held, 'other', 'db:3306', () => [20, 7, 3, 1]),
    [''],
  )
  t.deepEqual(
    sharesAbove(held, 'deploy', 'db2:3306', () => [20, 7, 3, 1]),
    [],
  )
  t.deepEqual(
    sharesAbove(held, 'deploy', 'db:3306', () => [20, 1]),
    [],
    'a service that outlived its sera is not nested',
  )
})

test('ancestors are not read if no lock is held', t => {
  t.deepEqual(
    sharesAbove({ env: {} } as Host, 'deploy', 'db', () => t.fail() as never),
    [],
  )
})

test('an entry of SERA_HELD contains no space', t => {
  t.notRegex(heldEntry(7, 'a', 'unix:/run/my sql/x'), /\s/)
})
