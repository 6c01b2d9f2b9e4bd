import test from 'ava'
import fc from 'fast-check'
import type { SeraError } from '../../src/errors.js'
import { formatLabels, parseLabels } from '../../src/selector/labels.js'
import { matches, unmet } from '../../src/selector/matches.js'
import { formatRequirement, formatSelector, parseSelector, type Requirement } from '../../src/selector/selector.js'

const meets = (selector: string, labels: string) => matches(parseSelector(selector), parseLabels(labels))

test('selectors match labels by the published rules of Kubernetes', t => {
  const rules: [selector: string, met: string[], notMet: string[]][] = [
    ['', ['', 'x=y'], []],
    [' \t\r\n ', ['', 'x=y'], []],
    ['x=y', ['x=y', 'x=y,z=w'], ['', 'x=z', 'z=y']],
    ['x==y', ['x=y'], ['', 'x=z']],
    ['x=', ['x='], ['', 'x=y']],
    ['x==', ['x='], ['', 'x=y']],
    ['x!=y', ['', 'x=', 'x=z', 'y=y'], ['x=y']],
    ['x!=', ['', 'x=y'], ['x=']],
    ['x', ['x=', 'x=y'], ['', 'y=x']],
    ['!x', ['', 'y=x'], ['x=', 'x=y']],
    ['x in (a,b)', ['x=a', 'x=b'], ['', 'x=', 'x=c', 'a=x']],
    ['x notin (a,b)', ['', 'x=', 'x=c'], ['x=a', 'x=b']],
    ['x in ()', ['x='], ['', 'x=a']],
    ['x in (a,)', ['x=', 'x=a'], ['', 'x=b']],
    ['x in (,a)', ['x=', 'x=a'], ['', 'x=b']],
    ['x in (a,,b)', ['x=', 'x=a', 'x=b'], ['', 'x=c']],
    ['x notin ()', ['', 'x=a'], ['x=']],
    ['x notin ( , a )', ['', 'x=b'], ['x=', 'x=a']],
    ['x>1', ['x=2', 'x=10', 'x=0002'], ['', 'x=', 'x=1', 'x=0', 'x=v2', 'x=1.5', 'x=2a']],
    ['x<10', ['x=2', 'x=0', 'x=9'], ['', 'x=', 'x=10', 'x=11', 'x=a']],
    ['x>9223372036854775806', ['x=9223372036854775807'], ['x=9223372036854775806', 'x=9223372036854775808']],
    ['x=y,z=w', ['x=y,z=w'], ['x=y', 'z=w', 'x=w,z=w']],
    ['x!=y,z!=w', ['x=z,z=a', ''], ['x=z,z=w', 'x=y']],
    ['x,x!=a,x!=b', ['x=c', 'x='], ['', 'x=a', 'x=b']],
    ['x=a,x=b', [], ['x=a', 'x=b', '']],
    ['in=notin,notin in (in)', ['in=notin,notin=in'], ['in=in,notin=in']],
    ['in', ['in=x'], ['']],
    ['!notin', [''], ['notin=x']],
    ['in in (in,notin)', ['in=in', 'in=notin'], ['in=x']],
    ['a.b/c-d_e=F.9', ['a.b/c-d_e=F.9'], ['c-d_e=F.9', 'a.b/c-d_e=f.9']],
    ['constructor', [], ['', 'x=y']],
  ]
  for (const [selector, matching, others] of rules) {
    for (const labels of matching) t.true(meets(selector, labels), `${selector} does not match ${labels}`)
    for (const labels of others) t.false(meets(selector, labels), `${selector} matches ${labels}`)
  }
})

test('blanks are allowed between words and symbols, not inside them', t => {
  const same: [string, string][] = [
    ['x=a,y!=b', ' x\t= a ,\r\n y  != b '],
    ['!x', '! x'],
    ['x in (a,b)', 'x in(a,b)'],
    ['x notin (a)', '\nx notin\t( a )'],
    ['x>5,y<7', 'x > 5 , y < 7'],
  ]
  for (const [plain, spaced] of same) t.deepEqual(parseSelector(spaced), parseSelector(plain), spaced)
})

/** `^` below the text marks the column that the message names. */
const refused: [text: string, mark: string, message: RegExp][] = [
  [',x', '^', /expected a key, found ","/],
  ['x,,y', '  ^', /expected a key/],
  ['x,', '  ^', /expected a key, found the end/],
  ['!', ' ^', /expected a key, found the end/],
  ['!!x', ' ^', /expected a key, found "!"/],
  ['!x=a', '  ^', /expected ',' or the end, found "="/],
  ['!x in (a)', '   ^', /expected ',' or the end, found "in"/],
  ['=a', '^', /expected a key/],
  ['(', '^', /expected a key/],
  ['x y', '  ^', /expected '=', '==', '!=', 'in'/],
  ['x nott in (y)', '  ^', /expected '='/],
  ['x (', '  ^', /expected '='/],
  ['x in', '    ^', /expected '\(', found the end/],
  ['x in a', '     ^', /expected '\(', found "a"/],
  ['x notin(', '        ^', /expected ',' or '\)', found the end/],
  ['x in (a', '       ^', /expected ',' or '\)', found the end/],
  ['x in (a b)', '        ^', /expected ',' or '\)', found "b"/],
  ['x in (a)y', '        ^', /expected ',' or the end/],
  ['x in (=)', '      ^', /expected ',' or '\)', found "="/],
  ['x in ((a))', '      ^', /found "\("/],
  ['x=a=b', '   ^', /expected ',' or the end/],
  ['x===a', '   ^', /expected a value, found "="/],
  ['x=(a)', '  ^', /expected a value/],
  ['x=!a', '  ^', /expected a value/],
  ['x=a||y=b', '   ^', /must not contain "\|"/],
  ['x=a b', '    ^', /expected ',' or the end, found "b"/],
  ['x>', '  ^', /a whole number/],
  ['x>a', '  ^', /a whole number/],
  ['x<-1', '  ^', /a whole number/],
  ['x<1.5', '  ^', /a whole number/],
  ['x>=5', '  ^', /a whole number/],
  ['x<9223372036854775808', '  ^', /a whole number/],
  ['x=-a', '  ^', /must begin with a letter or a digit/],
  ['x=a-', '   ^', /must end with a letter or a digit/],
  ['x in (ok,-a)', '         ^', /must begin with/],
  ['x="a"', '  ^', /must not have quotes/],
  ["x='a'", '  ^', /must not have quotes/],
  ['x=é', '  ^', /must not contain "é"/],
  ['x=a\u00a0', '   ^', /must not contain U\+00A0/],
  ['x=a\0', '   ^', /must not contain U\+0000/],
  ['_x', '^', /a key must begin with a letter or a digit/],
  ['x.', ' ^', /a key must end with/],
  ['x~y', ' ^', /a key must not contain "~"/],
  ['/x', '^', /prefix is empty/],
  ['a/', '  ^', /a key's name is empty/],
  ['a/b/c', '   ^', /one '\/'/],
  ['A/b', '^', /prefix must not contain "A"/],
  ['a_b/c', ' ^', /prefix must not contain "_"/],
  ['a..b/c', '  ^', /an empty part/],
  ['a.-b/c', '  ^', /a part of a key's prefix must begin with/],
  ['a-.b/c', ' ^', /a part of a key's prefix must end with/],
  ['😀x=a', '^', /a key must not contain "😀"/],
  ['x=a,y=😀', '      ^', /a value must not contain "😀"/],
  [`x=${'a'.repeat(64)}`, `${' '.repeat(65)}^`, /at most 63 characters, this one has 64/],
  ['a'.repeat(64), `${' '.repeat(63)}^`, /a key must have at most 63 characters/],
  [`a/${'b'.repeat(64)}`, `${' '.repeat(65)}^`, /at most 63 characters/],
  [`${'a'.repeat(254)}/b`, `${' '.repeat(253)}^`, /prefix must have at most 253 characters/],
]

test('a syntax error names its column', t => {
  for (const [text, mark, message] of refused) {
    const error = t.throws<SeraError>(() => parseSelector(text), undefined, text)
    t.is(error?.kind, 'usage')
    t.regex(error?.message ?? '', message, text)
    t.regex(error?.message ?? '', new RegExp(`^selector, column ${mark.length}: `), text)
    t.false(error?.message.includes('\n'))
  }
})

test('keys and values of the greatest length are valid', t => {
  const key = `${'a'.repeat(253)}/${'b'.repeat(63)}`
  const value = 'c'.repeat(63)
  t.true(meets(`${key}=${value}`, `${key}=${value}`))
})

test('columns count characters, not code units', t => {
  t.throws(() => parseSelector('x=a,y=b,z=ü'), { message: /column 11:/ })
  t.throws(() => parseLabels('x=a, y = 😀', '--labels'), { message: /^--labels, column 10:/ })
})

test('labels are key=value, each key once', t => {
  t.deepEqual(
    [...parseLabels(' a=1 , b = 2,c=,d= ')],
    [
      ['a', '1'],
      ['b', '2'],
      ['c', ''],
      ['d', ''],
    ],
  )
  t.is(parseLabels('').size, 0)
  t.is(parseLabels(' ').size, 0)
  const wrong: [string, RegExp][] = [
    ['a', /column 2: expected '=', found the end/],
    ['a=1,', /column 5: expected a key/],
    ['a=1,a=2', /duplicate key a/],
    ['a==1', /column 2: expected '=', found "=="/],
    ['a!=1', /column 2/],
    ['a=b=c', /column 4/],
    ['=b', /column 1: expected a key/],
    ['a=1 b=2', /column 5: expected ',' or the end/],
    ['a="1"', /column 3: a value must not have quotes/],
  ]
  for (const [text, message] of wrong) t.throws(() => parseLabels(text), { message }, text)
})

test('unmet returns the first requirement that does not match', t => {
  const selector = parseSelector('a=1,b in (2,3),!c')
  t.is(unmet(selector, parseLabels('a=1,b=2')), undefined)
  t.is(formatRequirement(unmet(selector, parseLabels('a=1,b=4,c=5')) as Requirement), 'b in (2,3)')
})

const edge = fc.constantFrom(...'abzAZ09')
const word = fc
  .tuple(edge, fc.string({ unit: fc.constantFrom(...'az09-_.'), maxLength: 5 }), edge)
  .map(parts => parts.join(''))
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', 'in', 'notin', 'x.y/a') },
  { weight: 1, arbitrary: word },
)
const number = fc.oneof(fc.nat(12).map(String), fc.constantFrom('007', '9223372036854775807'))
const value = fc.oneof(fc.constantFrom('', 'a', 'b', 'in', 'notin'), number, word)
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 4 })
const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('exists' as const, '!' as const), values: fc.constant([]) }),
  fc.record({ key, operator: fc.constantFrom('=' as const, '!=' as const), values: fc.tuple(value) }),
  fc.record({ key, operator: fc.constantFrom('>' as const, '<' as const), values: fc.tuple(number) }),
  fc.record({ key, operator: fc.constantFrom('in' as const, 'notin' as const), values }),
)
const selectors = fc.array(requirement, { maxLength: 4 })
const labels = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 })

test('a formatted selector parses to the same selector', t => {
  fc.assert(fc.property(selectors, selector => t.deepEqual(parseSelector(formatSelector(selector)), selector)))
  fc.assert(fc.property(labels, all => t.deepEqual([...parseLabels(formatLabels(new Map(all)))], all)))
})

/** A second, naive evaluator: it tries every value that a label may have. */
function naively({ key, operator, values }: Requirement, all: readonly (readonly [string, string])[]): boolean {
  const found = all.filter(([name]) => name === key).map(([, text]) => text)
  const is = found.some(text => values.some(other => other === text))
  const number = (text: string | undefined) =>
    /^\d+$/.test(text ?? '') && BigInt(text!) < 1n << 63n ? BigInt(text!) : 0n
  const isNumber = found.some(text => /^\d+$/.test(text) && BigInt(text) < 1n << 63n)
  const table: Record<Requirement['operator'], boolean> = {
    exists: found.length > 0,
    '!': found.length === 0,
    '=': is,
    '!=': !is,
    in: is,
    notin: !is,
    '>': isNumber && number(found[0]) > number(values[0]),
    '<': isNumber && number(found[0]) < number(values[0]),
  }
  return table[operator]
}

test('matches agrees with a second, naive evaluator', t => {
  let accepted = 0
  fc.assert(
    fc.property(selectors, labels, (selector, all) => {
      const expected = selector.every(one => naively(one, all))
      if (expected && selector.length > 0) accepted++
      return matches(selector, new Map(all)) === expected
    }),
    { numRuns: 2000 },
  )
  t.true(accepted > 100, `${accepted} of 2000 were met`)
})

test('every text parses or is a usage error with a column', t => {
  const pieces = fc.oneof(
    fc.constantFrom('x', 'y', 'in', 'notin', '=', '==', '!=', '!', '<', '>', '(', ')', ',', ' ', '5', '/', '.', '-'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const texts = fc.array(pieces, { maxLength: 12 }).map(all => all.join(''))
  const survives = (read: () => unknown) => {
    try {
      read()
      return true
    } catch (error) {
      return (error as SeraError).kind === 'usage' && /column \d+: [^\n]+$|duplicate key/.test((error as Error).message)
    }
  }
  fc.assert(fc.property(texts, text => survives(() => parseSelector(text)) && survives(() => parseLabels(text))))
  t.pass()
})
