import test from 'ava'
import type { Host } from '../../src/host.js'
import { heldEntry, sharesAbove } from '../../src/run/nested.js'

const host = (held: string) => ({ env: { SERA_HELD: held } }) as unknown as Host

test('a lock is held above when a living ancestor holds that name on that server', t => {
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
    'a service that outlived its sera is not inside of it',
  )
})

test('the ancestors are not looked at when nothing is held', t => {
  t.deepEqual(
    sharesAbove({ env: {} } as Host, 'deploy', 'db', () => t.fail() as never),
    [],
  )
})

test('an entry has no space in it, whatever the server is called', t => {
  t.notRegex(heldEntry(7, 'a', 'unix:/run/my sql/x'), /\s/)
})
