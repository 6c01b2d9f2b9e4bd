import test from 'ava'
import fc from 'fast-check'
import type { Resource } from '../../../src/claims/model.js'
import { coloured, statusLines, viewOf } from '../../../src/cli/output/status-lines.js'
import { cut, filled, harmless, widthOf } from '../../../src/cli/output/width.js'
import { KINDS } from '../../../src/primitives/names.js'
import { formatLength } from '../../../src/status/claim-text.js'
import { type ClaimView, type ResourceView, type StatusView, statusViewOf } from '../../../src/status/resource-view.js'

const AT = Date.UTC(2026, 10, 21, 12)

const resource = (given: Partial<Resource> = {}): Resource => ({
  version: AT * 1000,
  grantedToken: (AT - 120_000) * 1000,
  capacity: 3,
  value: 0,
  generation: 0,
  record: undefined,
  ...given,
})

const member = (given: Partial<ClaimView> = {}): ClaimView => ({
  ...{ id: 'id', state: 'granted', host: 'web-1', pid: 4312, user: 'root', command: 'migrate.sh --all' },
  ...{ sinceMs: 192_000, leaseLeftMs: 48_000, ticket: 1763742671120000, token: 1763742671123456, units: 1 },
  ...given,
})

const view = (kind: string, claims: readonly ClaimView[], given: Partial<ResourceView> = {}): ResourceView => ({
  ...{ kind, name: 'deploy', engine: undefined, resource: resource(), claims },
  ...given,
})

const statusView = (...views: ResourceView[]): StatusView => ({
  server: 'db:3306',
  at: AT,
  isCut: false,
  unseen: [],
  views,
})

const text = (shown: StatusView, columns = 80, detailed = false) =>
  coloured(viewOf(shown, { columns, detailed }), false)

test('holders and waiters are shown with place and duration', t => {
  const waiting = { state: 'waiting', token: undefined, sinceMs: 40_000, host: 'web-2', pid: 77 } as const
  const shown = statusView(
    view('rwlock', [
      member({ mode: 'write' }),
      member({ ...waiting, mode: 'read' }),
      member({ ...waiting, mode: 'write', sinceMs: 4000, leaseLeftMs: -12_000 }),
    ]),
  )
  t.deepEqual(text(shown), [
    '1 held, 1 waiting (db:3306)',
    '',
    'rwlock deploy  1 writer, 1 waits, 1 expired',
    '  writes     3m 12s  root@web-1 pid 4312  migrate.sh --all           lease 48s',
    '  1st read   40s     root@web-2 pid 77    migrate.sh --all           lease 48s',
    '  2nd write  4s      root@web-2 pid 77    migrate.sh --all           expired 12s',
  ])
  t.is(text(shown, 120)[4]?.trimEnd().slice(-37), '   ticket 1763742671120000  lease 48s')
  t.is(text(shown, 80, true)[4], '    token 1763742671123456, ticket 1763742671120000')
})

test('each kind has its own words', t => {
  const waits = (given: Partial<ClaimView> = {}) => member({ state: 'waiting', token: undefined, ...given })
  const cases: [ResourceView, string, string?][] = [
    [view('mutex', [member()], { engine: 'lease' }), 'mutex deploy  held', 'holds'],
    [view('mutex', [member(), waits()], { engine: 'get_lock' }), 'mutex deploy  held, 1 waits, GET_LOCK'],
    [view('rwlock', [member({ mode: 'read' }), member({ mode: 'read' })]), 'rwlock deploy  2 readers', 'reads'],
    [view('semaphore', [member({ units: 2, slot: 1 })]), 'semaphore deploy  2 of 3 permits taken', 'slot 1'],
    [view('barrier', [waits()]), 'barrier deploy  2 of 3 missing', 'waits'],
    [view('double-barrier', [waits()]), 'double-barrier deploy  2 of 3 missing', 'waits'],
    [view('double-barrier', [member(), waits()]), 'double-barrier deploy  1 at work, 1 waits', 'at work'],
    [view('counter', [waits({ units: -2 })]), 'counter deploy  value 0, 1 waits', '1st -2'],
    [view('once', [member()]), 'once deploy  running', 'runs'],
    [
      view('once', [], {
        resource: resource({
          record: `{"success":{"exitCode":0,"host":"web-1","finishedAt":${(AT - 192_000) * 1000}}}`,
        }),
      }),
      'once deploy  last run: exit 0 on web-1, 3m 12s ago',
    ],
    [
      view('gate', [waits()], {
        resource: resource({ grantedToken: (AT - 120_000) * 1000, value: (AT + 3_600_000) * 1000 }),
      }),
      'gate deploy  closed for 2m, opens in 1h, 1 waits',
      'waits',
    ],
    [view('gate', [], { resource: resource({ value: Number.MAX_SAFE_INTEGER }) }), 'gate deploy  closed for 2m'],
  ]
  for (const [shown, title, row] of cases) {
    const [, , first, second = ''] = text(statusView(shown))
    t.is(first, title)
    if (row) t.true(second.startsWith(`  ${row}`), second)
  }
})

test('resources with waiters come first, and an open gate is not shown', t => {
  const claim = (state: 'granted' | 'waiting', sinceMs: number) => ({ ...member({ state, sinceMs }), overdueMs: -1 })
  const of = (name: string, claims: object[], given: Partial<Resource> = {}, kind = 'rwlock') =>
    ({ key: { kind, name }, resource: resource(given), claims }) as never
  const { views } = statusViewOf({
    ...{ server: '', now: AT * 1000, isCut: false, unseen: [], getLocks: [] },
    resources: [
      of('counts', [], { value: 4 }, 'counter'),
      of('held for long', [claim('granted', 90_000)]),
      of('held', [claim('granted', 9000)]),
      of('meeting', [claim('waiting', 99_000)]),
      of('was closed', [], { value: (AT - 1) * 1000 }, 'gate'),
      of('waited for', [claim('waiting', 5000), claim('granted', 1)]),
      of('waited for longest', [claim('granted', 1), claim('waiting', 7000)]),
    ],
  })
  const names = ['waited for longest', 'waited for', 'meeting', 'held for long', 'held', 'counts']
  t.deepEqual(
    views.map(({ name }) => name),
    names,
  )
  t.is(views[1]?.claims[0]?.state, 'granted', 'holders come first')
})

test('durations are shown in the two largest units', t => {
  const said = [0, 999, 45_000, 60_000, 192_000, 3_600_000, 7_512_000, 1_047_600_000, -12_500].map(formatLength)
  t.deepEqual(said, ['0s', '0s', '45s', '1m', '3m 12s', '1h', '2h 5m', '12d 3h', '-12s'])
})

test('colours appear on a terminal only, without NO_COLOR and TERM=dumb', t => {
  const shown = statusView(view('mutex', [member()]))
  const on = (isTerminal: boolean, env: NodeJS.ProcessEnv) =>
    statusLines(shown, false, { isTerminal, columns: 80, rows: 24, write: () => true }, env).join('\n')
  t.true(on(true, { TERM: 'xterm' }).includes('\x1b['))
  for (const plain of [on(false, {}), on(true, { NO_COLOR: '1' }), on(true, { TERM: 'dumb' })]) {
    t.false(plain.includes('\x1b'))
  }
})

const wild = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom('日', '🚀', 'a', '\x1b', '\u0301', '\u200d', '️', '\u202e', '\n', '한'),
    maxLength: 60,
  }),
)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const members = fc.record({
  state: fc.constantFrom('granted' as const, 'waiting' as const, 'leaving' as const),
  host: maybe(wild),
  pid: maybe(fc.nat()),
  user: maybe(wild),
  command: maybe(wild),
  sinceMs: maybe(fc.integer({ min: 0, max: 2 ** 40 })),
  leaseLeftMs: maybe(fc.integer({ min: -1e9, max: 1e9 })),
  ticket: maybe(fc.maxSafeNat()),
  token: maybe(fc.maxSafeNat()),
  mode: fc.constantFrom('read', 'write', undefined),
  tag: maybe(wild),
  labels: maybe(wild),
  selector: maybe(wild),
  units: fc.integer(),
  slot: maybe(fc.nat()),
  connection: fc.nat(),
}) as fc.Arbitrary<ClaimView>
const views = fc.record({
  kind: fc.constantFrom(...KINDS),
  name: wild,
  engine: fc.constantFrom('get_lock' as const, 'lease' as const, undefined),
  resource: maybe(fc.record({ value: fc.integer() }).map(resource as never)),
  claims: fc.array(members, { maxLength: 4 }),
}) as fc.Arbitrary<ResourceView>

test('every line fits the terminal and has no control characters (property)', t => {
  fc.assert(
    fc.property(
      fc.array(views, { maxLength: 4 }),
      fc.array(wild, { maxLength: 2 }),
      wild,
      fc.integer({ min: 40, max: 200 }),
      fc.boolean(),
      (views, unseen, server, columns, detailed) => {
        const lines = text({ ...statusView(...views), unseen, server }, columns, detailed)
        return lines.every(line => widthOf(line) <= columns && !/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(line))
      },
    ),
  )
  t.pass()
})

test('text is measured, cut and filled in terminal columns', t => {
  t.deepEqual(['abc', '日本', 'é', 'e\u0301', '🚀', '', '␛'].map(widthOf), [3, 4, 1, 1, 2, 0, 1])
  t.is(cut('日本語', 5), '日本…')
  t.is(cut('日本語', 4), '日…')
  t.is(filled('日本語', 4), '日… ')
  t.is(harmless('a\x1b[2J\x7f\u202e\u2028\x9b'), 'a␛[2J␡???')
  fc.assert(fc.property(wild, fc.nat({ max: 50 }), (any, width) => widthOf(filled(harmless(any), width)) === width))
})
