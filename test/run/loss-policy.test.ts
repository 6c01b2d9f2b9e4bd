/** What happens to a command whose lock is lost. */
import test from 'ava'
import type { HeldLock, LockWatcher } from '../../src/claims/lock.js'
import { systemClock } from '../../src/clock.js'
import type { OnLost } from '../../src/config/settings.js'
import { SAFETY_MARGIN_MS } from '../../src/fence.js'
import { LossPolicy } from '../../src/run/loss-policy.js'

const GRACE_MS = 1000
const UNTIL = 50_000
const FENCE = UNTIL - GRACE_MS - SAFETY_MARGIN_MS

/** A policy whose lock is reclaimed, or not, after `after` ms; it records its actions in order. */
function policy(onLost: OnLost, { reclaims = true, after = 0, isEnding = false } = {}) {
  const happened: string[] = []
  let now = 10_000
  let watcher: LockWatcher | undefined
  const lock = {
    until: UNTIL,
    trouble: 'no answer',
    keep: given => {
      watcher = given
      happened.push('kept')
    },
    reclaim: async until => {
      happened.push(`reclaims until ${until}`)
      now += after
      return reclaims
    },
  } as Partial<HeldLock> as HeldLock
  const clock = { ...systemClock, now: () => now, boot: () => now }
  const loss = new LossPolicy(
    lock,
    { onLost, graceMs: GRACE_MS, clock, warn: message => happened.push(message) },
    {
      renewed: () => happened.push('renewed'),
      ignored: () => happened.push('ignored'),
      reclaiming: lifeline => happened.push(`reclaiming with ${lifeline}`),
      reclaimed: () => happened.push('reclaimed'),
      lost: reason => happened.push(`lost: ${reason}`),
      isEnding: () => isEnding,
    },
  )
  loss.keep()
  const lose = async () => {
    watcher?.broken('gone')
    await new Promise(resolve => setImmediate(resolve))
    return happened.slice(1)
  }
  return { loss, lose, happened, renew: () => watcher?.renewed(UNTIL), wait: (ms: number) => (now += ms) }
}

test('the fence is the end of the lease minus grace and margin', t => {
  t.is(policy('terminate').loss.fence, FENCE)
  t.is(policy('reclaim').loss.fence, FENCE)
})

test('ignore: there is no fence', t => {
  t.is(policy('ignore').loss.fence, Number.POSITIVE_INFINITY)
})

test('a renewal is passed on', t => {
  const { renew, happened } = policy('terminate')
  renew()
  t.deepEqual(happened, ['kept', 'renewed'])
})

test('terminate: a loss ends the command', async t => {
  const { loss, lose } = policy('terminate')
  t.is(loss.trouble, 'no answer')
  t.deepEqual(await lose(), ['lost: gone'])
  t.is(loss.trouble, 'gone')
  t.is(loss.fatalLoss, 'gone')
})

test('ignore: a loss gives a warning, and the command goes on', async t => {
  const { loss, lose } = policy('ignore')
  t.deepEqual(await lose(), ['ignored', 'lock lost (gone); the command goes on, as --on-lost ignore says'])
  t.is(loss.lostFor, 'gone')
  t.is(loss.fatalLoss, undefined)
})

test('reclaim: the command goes on if the lock is reclaimed before the fence', async t => {
  const { loss, lose } = policy('reclaim', { after: FENCE - 10_000 - 1 })
  t.deepEqual(await lose(), [
    `reclaims until ${FENCE}`,
    'lock reclaimed after it was lost (gone); the command goes on',
    'kept',
    'reclaimed',
  ])
  t.is(loss.lostFor, undefined)
})

for (const [title, how] of [
  ['a lock that another participant holds', { reclaims: false }],
  ['a reclaim at the fence', { after: FENCE - 10_000 }],
  ['a reclaim after the command began to be ended', { isEnding: true }],
] as const) {
  test(`reclaim: ${title} ends the command`, async t => {
    const { loss, lose } = policy('reclaim', how)
    t.deepEqual(await lose(), [`reclaims until ${FENCE}`, 'lost: gone'])
    t.is(loss.fatalLoss, 'gone')
  })
}

test('no command starts after a loss, except with ignore', async t => {
  const terminate = policy('terminate')
  await terminate.lose()
  t.throws(() => terminate.loss.checkStart(), {
    message: 'the lock was lost before the command started (gone); nothing was run',
  })
  const ignore = policy('ignore')
  await ignore.lose()
  t.notThrows(() => ignore.loss.checkStart())
})

test('no command starts at the fence or later', t => {
  const { loss, wait } = policy('terminate')
  wait(FENCE - 10_000 - 1)
  t.notThrows(() => loss.checkStart())
  wait(1)
  t.throws(() => loss.checkStart(), {
    message: 'the lock was granted too late to be safe (was sera stopped?); nothing was run',
  })
})
