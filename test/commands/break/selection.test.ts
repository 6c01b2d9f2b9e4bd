import test from 'ava'
import { select } from '../../../src/commands/break/selection.js'
import type { ClaimView, ResourceView } from '../../../src/status/resource-view.js'

const claim = (id: string, state: ClaimView['state'], ticket: number): ClaimView => {
  return { id, state, ticket, host: 'web-1', pid: 1, command: 'x', sinceMs: 1 }
}
const session = (state: ClaimView['state'], connection: number): ClaimView => {
  return { state, connection, host: 'web-1', pid: 1, command: 'x', sinceMs: undefined }
}
const at = (claims: readonly ClaimView[], given: Partial<ResourceView> = {}) => {
  const view: ResourceView = { kind: 'rwlock', name: 'x', engine: undefined, resource: undefined, claims, ...given }
  return { views: [view], unseen: [] }
}
const ONE = { ticket: undefined, all: false }
const ALL = { ticket: undefined, all: true }

test('without flags, the only holder is selected and no waiter', t => {
  const { ids, views } = select(at([claim('a', 'granted', 5), claim('b', 'waiting', 6)]), 'rwlock x', ONE)
  t.deepEqual(ids, ['a'])
  t.deepEqual(
    views[0]?.claims.map(({ id }) => id),
    ['a'],
    'the view contains only the selected claims',
  )
})

test('several holders without --ticket or --all are a conflict', t => {
  const held = at([claim('a', 'granted', 5), claim('b', 'granted', 6)])
  t.throws(() => select(held, 'rwlock x', ONE), {
    message: /has 2 holders; choose one with --ticket, or use --all; tickets: 5 .* 6 /,
  })
  t.deepEqual(select(held, 'rwlock x', { ticket: 6, all: false }).ids, ['b'])
  t.deepEqual(select(held, 'rwlock x', ALL).ids, ['a', 'b'])
})

test('--ticket selects any claim, --all also waiters', t => {
  const held = at([claim('a', 'granted', 5), claim('b', 'waiting', 6)])
  t.deepEqual(select(held, 'rwlock x', { ticket: 6, all: false }).ids, ['b'])
  t.deepEqual(select(held, 'rwlock x', ALL).ids, ['a', 'b'])
  t.throws(() => select(held, 'rwlock x', { ticket: 7, all: false }), {
    message: /no claim at rwlock x has the ticket 7/,
  })
})

test('without a holder it is a conflict, which names unreadable servers', t => {
  t.throws(() => select({ views: [], unseen: ['Who knows.'] }, 'mutex x', ONE), {
    message: 'mutex x has no holder. Who knows.',
  })
  t.throws(() => select(at([claim('b', 'waiting', 6)]), 'rwlock x', ONE), {
    message: /rwlock x has no holder, but 1 waiting/,
  })
})

test('for GET_LOCK, the connection of the holder is selected, never a waiter’s', t => {
  const { ids, sessions } = select(
    at([session('granted', 7), session('waiting', 8)], { kind: 'mutex', engine: 'get_lock' }),
    'mutex x',
    ALL,
  )
  t.deepEqual([ids, sessions], [[], [{ name: 'x', connection: 7 }]])
})

test('the record of a once key is selected with --all only', t => {
  const resource = { version: 1, grantedToken: 1, capacity: undefined, value: 0, generation: 0, record: '{}' }
  const remembered = at([], { kind: 'once', resource })
  t.deepEqual(select(remembered, 'once x', ALL).records, [{ name: 'x', record: '{}' }])
  t.throws(() => select(remembered, 'once x', ONE), { message: 'once x has no holder' })
})
