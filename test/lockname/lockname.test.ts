import { createHash } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import { lockName } from '../../src/lockname/lockname.js'

const md5 = (...parts: Uint8Array[]) => createHash('md5').update(Buffer.concat(parts)).digest('hex')
const bytes = (text: string) => new TextEncoder().encode(text)

test("the name of 'ls -ltra' is that of the original tool", t => {
  t.is(lockName(['ls', '-ltra']), '5373fa7de6f7dd54052abf86b3a53da4')
})

test('words and one quoted line give the same name, as in the original tool', t => {
  t.is(lockName(['ls -ltra']), lockName(['ls', '-ltra']))
})

test('spaces are significant', t => {
  t.not(lockName(['ls', ' -ltra']), lockName(['ls', '-ltra']))
  t.not(lockName(['ls', '-ltra', '']), lockName(['ls', '-ltra']))
})

test('a command line is hashed as its UTF-8 bytes', t => {
  t.is(lockName(['écho', '😀', '']), md5(bytes('écho 😀 ')))
  const words = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 })
  fc.assert(
    fc.property(words, argv => {
      const joined = argv.flatMap((word, index) => (index === 0 ? [bytes(word)] : [bytes(' '), bytes(word)]))
      return lockName(argv) === md5(...joined)
    }),
  )
})

test('a plain name is used unchanged and replaces the command', t => {
  t.is(lockName(['ls'], { name: 'web/deploy_2.a:b-c' }), 'web/deploy_2.a:b-c')
  t.is(lockName([], { name: 'a'.repeat(64) }), 'a'.repeat(64))
})

for (const name of ['a'.repeat(65), 'Deploy', 'two words', 'line\n', 'ünïcode', "o'brien"]) {
  test(`the name ${JSON.stringify(name)} is hashed`, t => t.is(lockName(['ls'], { name }), md5(bytes(name))))
}

test('an empty name is a usage error', t => {
  t.like(
    t.throws(() => lockName(['ls'], { name: '' })),
    { name: 'SeraError', kind: 'usage' },
  )
})

test('namespace, NUL and name are hashed together', t => {
  t.is(lockName(['ls', '-ltra'], { namespace: 'staging' }), md5(bytes('staging\0ls -ltra')))
  t.is(lockName(['ls'], { name: 'deploy', namespace: 'staging' }), md5(bytes('staging\0deploy')))
})

test('an empty namespace means no namespace', t => {
  t.is(lockName(['ls', '-ltra'], { namespace: '' }), lockName(['ls', '-ltra']))
  t.is(lockName(['ls'], { name: 'deploy', namespace: '' }), 'deploy')
})

test('every name is valid for MySQL, which ignores case', t => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.array(text), fc.option(fc.string({ minLength: 1 })), text, (argv, name, namespace) =>
      /^[a-z0-9_.:/-]{1,64}$/.test(lockName(argv, { name: name ?? undefined, namespace })),
    ),
  )
  t.pass()
})

test('two namespaces never share a name', t => {
  const word = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', ' ') })
  fc.assert(
    fc.property(
      word,
      word,
      word,
      word,
      (n1, c1, n2, c2) =>
        (n1 === n2 && c1 === c2) === (lockName([c1], { namespace: n1 }) === lockName([c2], { namespace: n2 })),
    ),
    { numRuns: 500 },
  )
  t.pass()
})
