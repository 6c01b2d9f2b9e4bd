import test from 'ava'
import fc from 'fast-check'
import { SeraError } from '../../../src/errors.js'
import { readPools } from '../../../src/gateway/pools/pools-file.js'

const read = (text: string) => readPools(text, 'pools.yaml')
const poolsOf = (text: string) => [...read(text).pools.values()]

/** The error's message, which must be one line. */
function refused(text: string): string {
  try {
    read(text)
  } catch (error) {
    if (error instanceof SeraError && error.kind === 'config' && !error.message.includes('\n')) return error.message
    throw error
  }
  return 'it was accepted'
}

test('the example of Distributex is read without a warning', t => {
  const { pools, warnings } = read(`
backend: memcache
memcachehost: localhost
pools:
    - name: pool1
      expire: 300

    - name: pool2
      expire: 0
      maxlocks: 5
      servers: acme1, acme2
`)
  t.deepEqual(warnings, [])
  t.deepEqual(
    [...pools],
    [
      ['pool1', { name: 'pool1', expireMs: 300_000, maxLocks: 1, servers: undefined }],
      ['pool2', { name: 'pool2', expireMs: Number.POSITIVE_INFINITY, maxLocks: 5, servers: ['acme1', 'acme2'] }],
    ],
  )
})

test('a pool with a name alone expires after 30 minutes and allows one holder', t => {
  t.deepEqual(poolsOf('pools: [name: a]'), [{ name: 'a', expireMs: 1_800_000, maxLocks: 1, servers: undefined }])
})

test('expire takes seconds and durations', t => {
  const expire = (value: string) => poolsOf(`pools: [{ name: a, expire: ${value} }]`)[0]?.expireMs
  t.is(expire('2.5'), 2500)
  t.is(expire('5m'), 300_000)
  t.is(expire('"90"'), 90_000)
  t.is(expire('0s'), Number.POSITIVE_INFINITY)
})

test('servers may be a list', t => {
  t.deepEqual(poolsOf('pools: [{ name: a, servers: [web-1, web-2] }]')[0]?.servers, ['web-1', 'web-2'])
})

test('anchors and merge keys are read as by PyYAML', t => {
  const text = 'pools:\n  - &a { name: a, expire: 60, maxlocks: 2 }\n  - <<: *a\n    name: b\n'
  t.deepEqual(
    poolsOf(text).map(({ name, expireMs, maxLocks }) => [name, expireMs, maxLocks]),
    [
      ['a', 60_000, 2],
      ['b', 60_000, 2],
    ],
  )
})

test('an empty list of pools gets a warning', t => {
  const { pools, warnings } = read('pools: []\n')
  t.is(pools.size, 0)
  t.deepEqual(warnings, ['pools.yaml:1: pools: the list is empty'])
})

test('an unknown key gets a warning with the nearest known key', t => {
  const { warnings } = read('# mine\nport: 80\npools:\n  - name: a\n    expires: 5\n    x: 1\n')
  t.deepEqual(warnings, [
    'pools.yaml:2: port: unknown key',
    'pools.yaml:5: expires: unknown key, did you mean "expire"?',
    'pools.yaml:6: x: unknown key',
  ])
})

const WRONG: [text: string, message: RegExp][] = [
  ['', /^pools\.yaml:1: expected keys and values \(pools, .*\), got null$/],
  ['- a\n', /^pools\.yaml:1: expected keys and values .*, got a list$/],
  ['# no pools\nbackend: memcache\n', /^pools\.yaml:2: pools: expected a list of pools, got nothing$/],
  ['pools:\n', /^pools\.yaml:1: pools: expected a list of pools, got null$/],
  ['pools:\n  a: 1\n', /^pools\.yaml:1: pools: expected a list of pools, got an object$/],
  ['pools:\n  - a\n', /^pools\.yaml:2: pools: expected keys and values \(name, .*, got "a"$/],
  ['pools:\n  - expire: 5\n', /^pools\.yaml:2: name: expected text .*, got nothing$/],
  ['pools:\n  - name: 5\n', /^pools\.yaml:2: name: expected text \(put .*, got 5$/],
  ['pools:\n  - name: on\n', /^pools\.yaml:2: name: expected text .*, got true$/],
  ['pools:\n  - name: ""\n', /^pools\.yaml:2: name: the pool's name is empty/],
  ['pools:\n  - name: "a\\nb"\n', /^pools\.yaml:2: name: .* control character/],
  ['pools:\n  - name: a\n    expire: -1\n', /^pools\.yaml:3: expire: expected seconds or .*, got -1$/],
  ['pools:\n  - name: a\n    expire: soon\n', /^pools\.yaml:3: expire: expected .*, got "soon"$/],
  ['pools:\n  - name: a\n    expire:\n', /^pools\.yaml:3: expire: expected .*, got null$/],
  ['pools:\n  - name: a\n    maxlocks: 0\n', /^pools\.yaml:3: maxlocks: .* from 1 to \d+, got 0$/],
  ['pools:\n  - name: a\n    maxlocks: 1.5\n', /^pools\.yaml:3: maxlocks: .*, got 1\.5$/],
  ['pools:\n  - name: a\n    maxlocks: "2"\n', /^pools\.yaml:3: maxlocks: .*, got a string$/],
  ['pools:\n  - name: a\n    maxlocks:\n', /^pools\.yaml:3: maxlocks: .*, got null$/],
  [
    'pools:\n  - name: a\n    servers: ""\n',
    /^pools\.yaml:3: servers: expected hosts, .* leave it out to allow every host$/,
  ],
  ['pools:\n  - name: a\n    servers: a,,b\n', /^pools\.yaml:3: servers: expected hosts/],
  ['pools:\n  - name: a\n    servers: []\n', /^pools\.yaml:3: servers: expected hosts/],
  ['pools:\n  - name: a\n    servers: [1]\n', /^pools\.yaml:3: servers: expected hosts/],
  ['pools:\n  - name: a\n    servers:\n', /^pools\.yaml:3: servers: expected hosts/],
  ['pools:\n  - name: a\n\n  - name: a\n', /^pools\.yaml:4: name: duplicate pool a: /],
  ['pools:\n  - name: a\n    name: b\n', /^pools\.yaml:3: duplicate key name$/],
  ['pools: []\nbackend: x\npools: []\n', /^pools\.yaml:3: duplicate key pools$/],
  ['pools: [\n', /^pools\.yaml:\d: not valid YAML: /],
  ['pools:\n\t- name: a\n', /^pools\.yaml:2: not valid YAML: Tabs /],
  ['pools: []\n---\npools: []\n', /^pools\.yaml:\d: not valid YAML: .*multiple documents/],
  ['pools: *nothing\n', /^pools\.yaml: Unresolved alias/],
]

for (const [text, message] of WRONG) {
  test(`refused with file, line and key: ${JSON.stringify(text)}`, t => t.regex(refused(text), message))
}

test('an error behind an alias names the line of the alias', t => {
  t.regex(refused('x: &x { name: a, maxlocks: 0 }\npools:\n  - *x\n'), /^pools\.yaml:3: maxlocks: /)
})

test('a damaged file is read or refused with one line', t => {
  const whole = 'x: &x { expire: 5m }\npools:\n  - <<: *x\n    name: "a"\n    servers: [web-1, \'b\']\n  - name: b\n'
  const garbled = fc
    .tuple(fc.nat(whole.length), fc.nat(whole.length), fc.string({ maxLength: 3 }))
    .map(([from, to, text]) => whole.slice(0, from) + text + whole.slice(to))
  fc.assert(fc.property(garbled, text => void refused(text)))
  t.pass()
})
