import test from 'ava'
import fc from 'fast-check'
import { type Form, SUBCOMMANDS } from '../../../src/cli/args/command-table.js'
import type { Flag } from '../../../src/cli/args/flag.js'
import { flagsOf } from '../../../src/cli/args/flags.js'
import { type CommandLine, splitCommandLine } from '../../../src/cli/args/split-argv.js'
import { type SubcommandLine, splitSubcommand } from '../../../src/cli/args/split-subcommand.js'
import { SeraError } from '../../../src/errors.js'

function split(argv: readonly string[]) {
  const line = splitCommandLine(argv)
  if (line.kind !== 'subcommand') throw new Error(`${argv.join(' ')} is no subcommand`)
  return splitSubcommand(line as CommandLine & { kind: 'subcommand' })
}

function run(...argv: string[]): Omit<SubcommandLine, 'kind' | 'form'> & { form: string } {
  const { kind: _, form, ...rest } = split(argv) as SubcommandLine
  return { form: form.name, ...rest }
}

const alone = (form: string, words: string[], flags: string[] = []) => ({
  form,
  words,
  flags,
  wait: undefined,
  command: [],
})

test('the words and a following command determine the form', t => {
  t.deepEqual(run('semaphore', 'x', '-2'), alone('counter', ['x', '-2']))
  t.deepEqual(run('sem', 'x', '+4'), alone('counter', ['x', '+4']))
  t.deepEqual(run('sem', 'x', '4', '30', 'ls'), { ...alone('semaphore', ['x', '4']), wait: '30', command: ['ls'] })
  t.deepEqual(run('br', 'x', '3'), alone('barrier', ['x', '3']))
  t.deepEqual(run('br', 'x', '3', '5m', 'ls'), { ...alone('double-barrier', ['x', '3']), wait: '5m', command: ['ls'] })
  t.deepEqual(run('gate', 'open', 'open'), alone('gate open', ['open', 'open']))
})

test('sem and sema, the names in dissem, mean semaphore', t => {
  for (const name of ['sem', 'sema']) {
    t.deepEqual(run(name, 'x', '1'), alone('counter', ['x', '1']), name)
    t.deepEqual(
      run(name, 'x', '4', '30', 'ls'),
      { ...alone('semaphore', ['x', '4']), wait: '30', command: ['ls'] },
      name,
    )
  }
})

test('optional words at the end may be missing', t => {
  t.deepEqual(run('status'), alone('status', []))
  t.deepEqual(run('status', 'gate'), alone('status', ['gate']))
  t.deepEqual(
    run('status', '--json', 'gate', 'x', '--watch'),
    alone('status', ['gate', 'x'], ['--json=true', '--watch=true']),
  )
  t.throws(() => split(['status', 'gate', 'x', 'y']), {
    message: /^unexpected word "y"; usage: sera status \[<kind>\] \[<name>\]$/,
  })
  for (const { forms } of SUBCOMMANDS) {
    for (const { words, wraps } of forms) {
      const optional = words.findIndex(word => word.startsWith('['))
      if (optional === -1) continue
      t.false(wraps, 'a form with optional words cannot wrap a command')
      t.true(
        words.slice(optional).every(word => word.startsWith('[')),
        'only the last words are optional',
      )
    }
  }
})

test('flags are allowed before the subcommand, between its words and before <wait>', t => {
  const expected = { ...alone('semaphore', ['x', '4'], ['--units=2']), wait: '30', command: ['ls', '-la'] }
  t.deepEqual(run('--units', '2', 'sem', 'x', '4', '30', 'ls', '-la'), expected)
  t.deepEqual(run('sem', '--units', '2', 'x', '4', '30', 'ls', '-la'), expected)
  t.deepEqual(run('sem', 'x', '-units=2', '4', '30', 'ls', '-la'), expected)
  t.deepEqual(run('sem', 'x', '4', '--units', '2', '30', 'ls', '-la'), expected)
  t.deepEqual(run('barrier', 'x', '3', '--json'), alone('barrier', ['x', '3'], ['--json=true']))
})

test('-- ends the flags, and one -- before the command is dropped', t => {
  t.deepEqual(run('gate', 'close', '--', '--json'), alone('gate close', ['close', '--json']))
  t.deepEqual(run('--', 'gate', 'close', '-x'), alone('gate close', ['close', '-x']))
  const expected = { ...alone('rwlock', ['read', 'x']), wait: '5', command: ['ls', '--'] }
  t.deepEqual(run('rwlock', 'read', 'x', '--', '5', '--', 'ls', '--'), expected)
  t.deepEqual(run('rwlock', 'read', 'x', '5', '--', 'ls', '--'), expected)
})

test('without <wait>, the command follows -- unchanged', t => {
  const met = (command: string[], flags: string[] = []) => ({ ...alone('rendezvous command', ['x'], flags), command })
  t.deepEqual(run('rendezvous', 'x'), alone('rendezvous', ['x']))
  t.deepEqual(run('sync', '--actor', 'a', 'x', '--', 'ls', '-la'), met(['ls', '-la'], ['--actor=a']))
  t.deepEqual(run('sync', 'x', '--actor=a', '--', 'ls', '--actor'), met(['ls', '--actor'], ['--actor=a']))
  t.deepEqual(run('sync', 'x', '--', '5', 'ls', '--'), met(['5', 'ls', '--']))
  t.deepEqual(run('sync', '--', '-x', '--', 'ls'), { ...met(['ls']), words: ['-x'] })
  t.deepEqual(run('--', 'sync', 'x', '--', 'ls'), met(['ls']))
  t.deepEqual(run('sync', '--', '-x'), alone('rendezvous', ['-x']))
  t.deepEqual(run('sync', '--payload', '--', 'x'), alone('rendezvous', ['x'], ['--payload=--']))
})

test('pool: the command follows the flags unchanged, and --wait needs no time', t => {
  const under = (command: string[], flags: string[] = []) => ({ ...alone('pool', [], flags), command })
  t.deepEqual(run('pool', '-H', 'gw', '-r', 'x', 'ls', '-la'), under(['ls', '-la'], ['--host=gw', '--pool=x']))
  t.deepEqual(run('pool', '-p', '80', 'ls --all'), under(['ls --all'], ['--port=80']))
  t.deepEqual(run('pool', '--wait', 'ls', '--wait'), under(['ls', '--wait'], ['--wait=forever']))
  t.deepEqual(run('pool', '--wait', '-r', 'x', 'ls'), under(['ls'], ['--wait=forever', '--pool=x']))
  t.deepEqual(run('pool', '--wait', '30s', 'ls'), under(['ls'], ['--wait=30s']))
  t.deepEqual(run('pool', '--wait=5', 'ls'), under(['ls'], ['--wait=5']))
  t.deepEqual(run('pool', '--wait', '--', '30', 'ls'), under(['30', 'ls'], ['--wait=forever']))
  t.deepEqual(run('pool', '7z', 'a', '--', 'b'), under(['7z', 'a', '--', 'b']))
  t.deepEqual(run('--', 'pool', 'ls'), under(['ls']))
})

test('an invalid line is a usage error with a hint', t => {
  const cases: [string[], RegExp][] = [
    [['semaphor', 'x', '4'], /did you mean "semaphore"\?$/],
    [['ls', '-la'], /^expected a subcommand or <wait> .*, got "ls"; see sera --help$/],
    [['sem'], /^<name> is missing; usage: sera semaphore <name> <permits> <wait> <command…>, or sera semaphore/],
    [['sem', 'x'], /^<permits> or <delta> is missing/],
    [['sem', 'x', '4', 'train.sh'], /^expected <wait> .*, got "train.sh"; usage: sera semaphore <name> <permits>/],
    [['sem', 'x', '4', '30'], /^no command after <wait> .*--wait/],
    [
      ['sem', 'x', '4', '30', '--units', '2', 'ls'],
      /^expected a command after <wait>, got -\S+; put flags of sera before <wait>$/,
    ],
    [['rwlock', 'read', 'x'], /^<wait> and a command are missing; usage: sera rwlock/],
    [['rwlock', 'read', 'x', '5'], /^no command after <wait>; usage: sera rwlock/],
    [['rwlock', 'write', 'x', '5', ''], /the command is empty/],
    [['rwlock', 'raed', 'x', '5', 'ls'], /^expected one of read, write, got "raed"/],
    [['gate', 'close', 'x', 'y'], /^unexpected word "y"; usage: sera gate close <name>$/],
    [
      ['gate', 'close', '--wait', '5', 'x'],
      /^--wait cannot be used with sera gate close <name>; see sera gate --help$/,
    ],
    [['--name', 'x', 'barrier', 'x', '3'], /^--name cannot be used with sera barrier <name> <count>/],
    [['gate', 'wait', 'x', '5m'], /^unexpected word "5m" \(did you mean --wait 5m\?\); usage: sera gate wait/],
    [['gate', 'open', 'x', '5m'], /^unexpected word "5m"; usage: sera gate open <name>$/],
    [
      ['sync', 'x', 'ls'],
      /^unexpected word "ls" \(put a command after --\); usage: sera rendezvous --actor NAME <event>, or/,
    ],
    [['sync', 'x', '5m'], /^unexpected word "5m" \(did you mean --wait 5m\?\)/],
    [['sync', 'x', '5m', '--', 'ls'], /^unexpected word "5m"/],
    [['sync', 'x', '--'], /^no command after --; usage: sera rendezvous --actor NAME <event> -- <command…>$/],
    [['sync', 'x', '--', ''], /^the command is empty/],
    [['sync', 'x', '--', '--', 'ls'], /^expected a command after --, got --;/],
    [['sync', 'x', '--', '-la'], /^expected a command after --, got -la; put flags of sera before --$/],
    [['sync', '--run-at-most', '5', 'x'], /^--run-at-most cannot be used with sera rendezvous --actor NAME <event>;/],
    [
      ['sync', '--json', 'x', '--', 'ls'],
      /^--json cannot be used with sera rendezvous --actor NAME <event> -- <command…>;/,
    ],
    [['pool', '-r', 'x'], /^a command is missing; usage: sera pool -H HOST -r POOL <command…>$/],
    [['pool', '-r', 'x', '30', 'ls'], /^expected a command, got "30" \(did you mean --wait 30\?\)/],
    [['pool', '-r', 'x', '--wait'], /^a command is missing/],
    [['pool', '--', '-la'], /^expected a command after --, got -la; put flags of sera before --$/],
    [['pool', '--units', '2', 'ls'], /^--units cannot be used with sera pool/],
    [['gate', '-H', 'gw', 'open', 'x'], /^--host cannot be used with sera gate open <name>/],
    [['barrier', '--nope', 'x', '3'], /^unknown flag --nope/],
    [['barrier', 'x', '3', '--wait'], /^--wait needs a value/],
  ]
  for (const [argv, message] of cases) {
    const error = t.throws(() => split(argv), { instanceOf: SeraError, message }, argv.join(' '))
    t.is(error?.kind, 'usage')
  }
})

test('--help works on an incomplete line', t => {
  for (const argv of [
    ['sem', '--help'],
    ['--help', 'sem', 'x'],
    ['sem', 'x', '4', '-h', '--', 'what'],
  ]) {
    const question = split(argv)
    t.true(question.kind === 'question' && question.subcommand.name === 'semaphore', argv.join(' '))
  }
  t.is(split(['rwlock', 'read', 'x', '5', 'ls', '--help']).kind, 'run', 'this --help belongs to the command')
})

test('all forms of a subcommand have the same number of words', t => {
  for (const { forms } of SUBCOMMANDS) t.is(new Set(forms.map(({ words }) => words.length)).size, 1)
})

test('the examples in help are valid command lines', t => {
  for (const { examples } of SUBCOMMANDS) {
    for (const [example] of examples) {
      const [, ...words] =
        example
          .split(/ (?:&&|\|) /)[0]
          ?.replaceAll('"$SERA_TOKEN"', '1')
          .split(' ') ?? []
      t.notThrows(() => split(words), example)
    }
  }
})

const word = fc.string({ unit: 'grapheme', maxLength: 8 })
const plain = word.filter(text => !text.startsWith('-'))
const wrapping = SUBCOMMANDS.flatMap(({ name, forms }) =>
  forms.filter(({ wraps }) => wraps).map(form => ({ name, form })),
)

const wordsOf = ({ words }: Form) =>
  fc.tuple(
    ...words.map(own =>
      own.startsWith('<') ? fc.oneof(plain, fc.constantFrom('-2', '+4', '0')) : fc.constantFrom(...own.split('|')),
    ),
  )

const flagsFor = (form: Form) =>
  fc.array(
    fc
      .constantFrom<Flag[]>(...flagsOf([form.name]).filter(({ name }) => name !== 'help' && name !== 'version'))
      .chain(
        (flag): fc.Arbitrary<string[]> =>
          flag.value
            ? word.map(value => (form.direct ? [`--${flag.name}=${value}`] : [`--${flag.name}`, value]))
            : fc.constantFrom([`-${flag.name}`], [`--${flag.name}=false`]),
      ),
    { maxLength: 3 },
  )

test('the command is unchanged, with any words and flags before it (property)', t => {
  const lines = fc.constantFrom(...wrapping).chain(({ name, form }) =>
    fc.record({
      name: fc.constant(name),
      form: fc.constant(form),
      own: wordsOf(form),
      before: flagsFor(form),
      between: flagsFor(form),
      dashes: fc.constantFrom([], ['--']),
      wait: fc.constantFrom('0', '90', '1h30m', 'forever', '7q'),
      command: fc
        .tuple(
          plain.filter(text => text !== ''),
          fc.array(word),
        )
        .map(([first, rest]) => [first, ...rest]),
    }),
  )
  fc.assert(
    fc.property(lines, ({ name, form, own, before, between, dashes, wait, command }) => {
      const waits = !form.dashed && !form.direct
      const argv = [
        ...before.flat(),
        name,
        ...own.slice(0, 1),
        ...between.flat(),
        ...own.slice(1),
        ...(waits ? [...dashes, wait] : ['--']),
        ...command,
      ]
      const line = split(argv)
      t.true(line.kind === 'run')
      t.deepEqual(line, { ...line, words: own, wait: waits ? wait : undefined, command } as SubcommandLine)
    }),
  )
})

test('any words give a line, a question or a usage error (property)', t => {
  const words = fc.oneof(word, fc.constantFrom('--', '-', '5', '--units', '-q', '-5', 'read', 'close', 'x', '--help'))
  fc.assert(
    fc.property(fc.constantFrom(...SUBCOMMANDS.map(({ name }) => name)), fc.array(words), (name, argv) => {
      try {
        return ['run', 'question'].includes(split([name, ...argv]).kind)
      } catch (error) {
        return error instanceof SeraError && error.kind === 'usage'
      }
    }),
  )
  t.pass()
})
