/**
 * A host that is cut off from the server: a network namespace with one end of a veth pair, whose other end goes down.
 * Needs root and ip(8); a machine without them fails this test rather than pretending.
 */
import { execFileSync } from 'node:child_process'
import type { ExecutionContext } from 'ava'
import { admin } from '../support/admin.js'
import { eachOwn } from '../support/each.js'
import { Journal } from '../support/journal.js'
import { until } from '../support/until.js'

const LEASE_MS = 8000
const LEASE = ['--lease', `${LEASE_MS}ms`, '--grace', '1s']

let hosts = 0

eachOwn(
  'a host is cut off: its command ends before the next grant',
  async (t, here, server) => {
    const host = otherHost(t)
    await using above = await admin(server)
    const journal = new Journal(here.folder)
    const there = {
      prefix: host.prefix,
      env: { SERA_SERVER: `sera:secret@tcp(${host.serverAddress}:${server.port})/` },
    }
    const script = `trap '' TERM; sleep 1000 & wait; sleep 1001`
    const cutOff = here.sera([...LEASE, '20', ...journal.command({ who: 'cut-off', script })], there)
    await journal.seen('start', 'cut-off')
    const other = here.sera([...LEASE, '60', ...journal.command({ who: 'other', script: '' })])
    await until('another sera waits', () => above.waitsFor(here.lock))
    host.cut()
    const cutAt = Date.now()
    const [code] = await Promise.all([other.exited, journal.seen('start', 'other').catch(() => {})])
    t.is(code, 0, JSON.stringify(journal.entries()) + (await other.said()))
    const [{ at } = { at: 0 }] = journal.all('start').filter(({ who }) => who === 'other')
    t.true(at - cutAt < LEASE_MS + 2000, `free after ${at - cutAt} ms`)
    t.is(await cutOff.exited, 206)
    t.deepEqual(journal.all('overlap'), [])
  },
  ['--bind-address=0.0.0.0'],
)

interface OtherHost {
  prefix: readonly string[]
  /** The address of this machine, as seen from there. */
  serverAddress: string
  cut(): void
}

function otherHost(t: ExecutionContext): OtherHost {
  const number = hosts++
  const name = `sera${process.pid}x${number}`
  const [here, there] = [`10.213.${number}.1`, `10.213.${number}.2`]
  const near = `s${process.pid}n${number}`
  const far = `s${process.pid}f${number}`
  t.teardown(() => {
    ip(`link del ${near}`)
    ip(`netns del ${name}`)
  })
  ip(`netns add ${name}`)
  ip(`link add ${near} type veth peer name ${far} netns ${name}`)
  ip(`addr add ${here}/30 dev ${near}`)
  ip(`link set ${near} up`)
  for (const inside of [`addr add ${there}/30 dev ${far}`, `link set ${far} up`, 'link set lo up'])
    ip(`-n ${name} ${inside}`)
  return {
    prefix: ['ip', 'netns', 'exec', name],
    serverAddress: here,
    cut: () => ip(`link set ${near} down`),
  }
}

function ip(words: string): void {
  try {
    execFileSync('ip', words.split(' '), { stdio: 'pipe' })
  } catch (cause) {
    throw new Error(`ip ${words}: this test needs root and ip(8) of iproute2`, { cause })
  }
}
