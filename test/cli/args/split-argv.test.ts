import test from 'ava'
import fc from 'fast-check'
import type { Flag } from '../../../src/cli/args/flag.js'
import { flagsOf } from '../../../src/cli/args/flags.js'
import { splitCommandLine } from '../../../src/cli/args/split-argv.js'
import { SeraError } from '../../../src/errors.js'

const classic = (flags: string[], wait: string, command: string[]) => ({ kind: 'classic', flags, wait, command })

test('all words after <wait> belong to the command, flags too', t => {
  t.deepEqual(
    splitCommandLine(['5', 'ls', '-la', '--name', 'x', '--']),
    classic([], '5', ['ls', '-la', '--name', 'x', '--']) as never,
  )
})

test('exactly one -- before the command is dropped', t => {
  t.deepEqual(splitCommandLine(['5', '--', 'ls']), classic([], '5', ['ls']) as never)
  t.deepEqual(splitCommandLine(['5', 'ls', '--', 'x']), classic([], '5', ['ls', '--', 'x']) as never)
  t.throws(() => splitCommandLine(['5', '--', '--', 'ls']), { message: /^expected a command after <wait>, got --;/ })
})

test('flags and -- before <wait> are optional', t => {
  const expected = classic(['--wait-and-skip=true'], '30', ['migrate.sh']) as never
  t.deepEqual(splitCommandLine(['--wait-and-skip', '--', '30', 'migrate.sh']), expected)
  t.deepEqual(splitCommandLine(['--wait-and-skip', '30', 'migrate.sh']), expected)
  t.deepEqual(splitCommandLine(['-wait-and-skip', '30', 'migrate.sh']), expected)
  t.deepEqual(splitCommandLine(['-wait-and-skip=true', '30', 'migrate.sh']), expected)
})

test('a switch accepts the values that Go accepts, and no others', t => {
  const readAs = (value: string) => splitCommandLine([`-wait-and-skip=${value}`, '5', 'ls']).flags
  for (const yes of ['1', 't', 'T', 'TRUE', 'true', 'True']) t.deepEqual(readAs(yes), ['--wait-and-skip=true'], yes)
  for (const no of ['0', 'f', 'F', 'FALSE', 'false', 'False']) t.deepEqual(readAs(no), ['--wait-and-skip=false'], no)
  for (const neither of ['', 'yes', 'off', 'tRUE', '2', 'true=1']) {
    t.throws(() => readAs(neither), { instanceOf: SeraError, message: /the value must be true or false/ }, neither)
  }
})

test('the value of a flag may look like <wait>, a flag or --', t => {
  for (const value of ['5', '-5', '--', '--quiet', 'a=b', '']) {
    t.deepEqual(splitCommandLine(['--name', value, '5', 'ls']), classic([`--name=${value}`], '5', ['ls']) as never)
    t.deepEqual(splitCommandLine([`-name=${value}`, '5', 'ls']), classic([`--name=${value}`], '5', ['ls']) as never)
  }
})

test('short flags stand for long ones', t => {
  t.deepEqual(
    splitCommandLine(['-q', '-E', '75', '5', 'ls']),
    classic(['--quiet=true', '--timeout-exit-code=75'], '5', ['ls']) as never,
  )
})

test('a first word that looks like a number is taken for <wait>', t => {
  for (const word of ['0', '90', '1.5', '.5', '500ms', '5x', '+5', '1e3', 'forever']) {
    t.is(splitCommandLine([word, 'ls']).kind, 'classic', word)
  }
  t.is(splitCommandLine(['-5', 'ls']).kind, 'classic')
  t.is(splitCommandLine(['ls', '5']).kind, 'subcommand')
})

test('an invalid command line is a usage error with a hint', t => {
  const cases: [string[], RegExp][] = [
    [['5'], /no command/],
    [['5', '--'], /no command/],
    [['5', ''], /empty/],
    [['5', '-la'], /^expected a command after <wait>, got -\S+; put flags of sera before <wait>$/],
    [['--nope', '5', 'ls'], /unknown flag --nope/],
    [['-x', '5', 'ls'], /unknown flag -x; see sera --help/],
    [['--verbos', '5', 'ls'], /unknown flag --verbos; did you mean --verbose\?/],
    [['--leese=5s', '5', 'ls'], /unknown flag --leese=5s; did you mean --lease\?/],
    [['--name'], /needs a value/],
    [['--quiet=perhaps', '5', 'ls'], /the value must be true or false/],
    [['--units', '2', '5', 'ls'], /--units cannot be used with sera <wait> <command…>/],
  ]
  for (const [argv, message] of cases)
    t.throws(() => splitCommandLine(argv), { instanceOf: SeraError, message }, argv.join(' '))
})

const word = fc.string({ unit: 'grapheme', maxLength: 8 })
const flagWords = fc
  .constantFrom<Flag[]>(...flagsOf(['classic']))
  .chain(
    (flag): fc.Arbitrary<string[]> =>
      flag.value
        ? word.map(value => [`--${flag.name}`, value])
        : fc.constantFrom([`--${flag.name}`], [`-${flag.name}`], [`--${flag.name}=false`]),
  )

test('the command is unchanged, with any flags before it (property)', t => {
  fc.assert(
    fc.property(
      fc.array(flagWords).map(flags => flags.flat()),
      fc.constantFrom([], ['--']),
      fc.constantFrom('0', '90', '1h30m', 'forever', '7q'),
      word.filter(name => name !== '' && !name.startsWith('-')),
      fc.array(word),
      (flags, dashes, wait, name, args) => {
        const line = splitCommandLine([...flags, ...dashes, wait, name, ...args])
        return (
          line.kind === 'classic' &&
          line.wait === wait &&
          JSON.stringify(line.command) === JSON.stringify([name, ...args])
        )
      },
    ),
  )
  t.pass()
})

test('any words give a command line or a usage error (property)', t => {
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.constantFrom<string[]>('--', '-', '5', '--name', '-q', '-5'))), argv => {
      try {
        return ['classic', 'subcommand', 'bare'].includes(splitCommandLine(argv).kind)
      } catch (error) {
        return error instanceof SeraError && error.kind === 'usage'
      }
    }),
  )
  t.pass()
})
