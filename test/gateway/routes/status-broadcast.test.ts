/** How often the status is read, and what watchers get. */
import test from 'ava'
import { systemClock } from '../../../src/clock.js'
import { SeraError } from '../../../src/errors.js'
import { StatusBroadcast, type StatusMessage } from '../../../src/gateway/routes/status-broadcast.js'
import type { StatusObject } from '../../../src/status/json.js'
import { until } from '../../support/until.js'

/** A broadcast of a status that the test sets. */
class BroadcastScene {
  reads = 0
  names: readonly string[] = []
  trouble: SeraError | undefined
  readonly closing = new AbortController()
  readonly broadcast = new StatusBroadcast(() => this.#read(), this.closing.signal, systemClock, 1)

  /** The time differs at each read, which is not a change. */
  async #read(): Promise<StatusObject> {
    this.reads++
    if (this.trouble) throw this.trouble
    const resources = this.names.map(name => ({ kind: 'gate', name, engine: undefined, claims: [] }))
    return { server: 'db', at: new Date(this.reads).toISOString(), resources, unseen: [] }
  }

  /** Waits for two more reads: one of them began after this call. */
  async passes(): Promise<void> {
    const before = this.reads
    await until('it has looked again', () => this.reads >= before + 2)
  }
}

class Watcher {
  readonly received: string[] = []
  readonly #end = new AbortController()
  readonly ended: Promise<void>

  constructor(broadcast: StatusBroadcast) {
    this.ended = this.#watch(broadcast)
  }

  async #watch(broadcast: StatusBroadcast): Promise<void> {
    for await (const message of broadcast.watch(this.#end.signal)) this.received.push(textOf(message))
  }

  async leave(): Promise<void> {
    this.#end.abort()
    await this.ended
  }
}

function textOf({ event, data }: StatusMessage): string {
  const { resources, reason } = JSON.parse(data)
  return event === 'status' ? resources.map(({ name }: { name: string }) => name).join() : reason
}

test('without watchers nothing is read; one read serves all watchers', async t => {
  const scene = new BroadcastScene()
  t.is(scene.reads, 0)
  const watchers = Array.from({ length: 50 }, () => new Watcher(scene.broadcast))
  t.is(scene.reads, 1)
  await scene.passes()
  scene.names = ['a']
  await until('all have both', () => watchers.every(({ received }) => received.length === 2))
  for (const { received } of watchers) t.deepEqual(received, ['', 'a'])
  for (const watcher of watchers) await watcher.leave()
  const { reads } = scene
  await new Promise(resolve => setTimeout(resolve, 30))
  t.true(scene.reads <= reads + 1)
})

test('a later watcher gets the current status, then changes only', async t => {
  const scene = new BroadcastScene()
  const first = new Watcher(scene.broadcast)
  scene.names = ['a']
  await until('the first has it', () => first.received.includes('a'))
  const second = new Watcher(scene.broadcast)
  await scene.passes()
  await scene.passes()
  t.deepEqual(second.received, ['a'])
  await Promise.all([first.leave(), second.leave()])
  await until('the running read is over', () => true)
  const third = new Watcher(scene.broadcast)
  await until('the third has it', () => third.received.length > 0)
  t.deepEqual(third.received, ['a'])
  await third.leave()
})

test('a slow watcher gets the newest status and skips the others', async t => {
  const scene = new BroadcastScene()
  const end = new AbortController()
  const slow = scene.broadcast.watch(end.signal)
  const next = async () => textOf((await slow.next()).value as StatusMessage)
  t.is(await next(), '')
  for (const name of ['a', 'b', 'c']) {
    scene.names = [name]
    await scene.passes()
  }
  t.is(await next(), 'c')
  end.abort()
  t.true((await slow.next()).done)
})

test('watchers get the error of a failed read, then the status again', async t => {
  const scene = new BroadcastScene()
  const watcher = new Watcher(scene.broadcast)
  scene.trouble = new SeraError('lock-failed', 'away')
  await scene.passes()
  scene.trouble = undefined
  await scene.passes()
  t.deepEqual(watcher.received, ['', 'away', ''])
  await watcher.leave()
})

test('after shutdown the status is not read again', async t => {
  const scene = new BroadcastScene()
  const watcher = new Watcher(scene.broadcast)
  await scene.passes()
  scene.closing.abort()
  const { reads } = scene
  await new Promise(resolve => setTimeout(resolve, 30))
  t.true(scene.reads <= reads + 1)
  await watcher.leave()
})
