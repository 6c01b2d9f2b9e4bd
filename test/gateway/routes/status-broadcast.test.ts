/** What one look costs, and who is told of it. */
import test from 'ava'
import { systemClock } from '../../../src/clock.js'
import { SeraError } from '../../../src/errors.js'
import { StatusBroadcast, type StatusMessage } from '../../../src/gateway/routes/status-broadcast.js'
import type { StatusObject } from '../../../src/status/json.js'
import { until } from '../../support/until.js'

/** A database whose picture the test draws. */
class BroadcastScene {
  looks = 0
  names: readonly string[] = []
  trouble: SeraError | undefined
  readonly closing = new AbortController()
  readonly feed = new StatusBroadcast(() => this.#look(), this.closing.signal, systemClock, 1)

  /** Each look is at another time, which is no change. */
  async #look(): Promise<StatusObject> {
    this.looks++
    if (this.trouble) throw this.trouble
    const resources = this.names.map(name => ({ kind: 'gate', name, engine: undefined, claims: [] }))
    return { server: 'db', at: new Date(this.looks).toISOString(), resources, unseen: [] }
  }

  /** Two more looks: one of them began after this. */
  async passes(): Promise<void> {
    const before = this.looks
    await until('it has looked again', () => this.looks >= before + 2)
  }
}

class Watcher {
  readonly told: string[] = []
  readonly #end = new AbortController()
  readonly ended: Promise<void>

  constructor(feed: StatusBroadcast) {
    this.ended = this.#watch(feed)
  }

  async #watch(feed: StatusBroadcast): Promise<void> {
    for await (const news of feed.watch(this.#end.signal)) this.told.push(said(news))
  }

  async leave(): Promise<void> {
    this.#end.abort()
    await this.ended
  }
}

function said({ event, data }: StatusMessage): string {
  const { resources, reason } = JSON.parse(data)
  return event === 'status' ? resources.map(({ name }: { name: string }) => name).join() : reason
}

test('nobody watches, nobody looks; one look serves all who do', async t => {
  const scene = new BroadcastScene()
  t.is(scene.looks, 0)
  const watchers = Array.from({ length: 50 }, () => new Watcher(scene.feed))
  t.is(scene.looks, 1)
  await scene.passes()
  scene.names = ['a']
  await until('all are told', () => watchers.every(({ told }) => told.length === 2))
  for (const { told } of watchers) t.deepEqual(told, ['', 'a'])
  for (const watcher of watchers) await watcher.leave()
  const { looks } = scene
  await new Promise(resolve => setTimeout(resolve, 30))
  t.true(scene.looks <= looks + 1)
})

test('who comes later is shown what is there, and is told of what changes only', async t => {
  const scene = new BroadcastScene()
  const first = new Watcher(scene.feed)
  scene.names = ['a']
  await until('the first knows', () => first.told.includes('a'))
  const second = new Watcher(scene.feed)
  await scene.passes()
  await scene.passes()
  t.deepEqual(second.told, ['a'])
  await Promise.all([first.leave(), second.leave()])
  await until('the look that was under way is over', () => true)
  const third = new Watcher(scene.feed)
  await until('the third knows', () => third.told.length > 0)
  t.deepEqual(third.told, ['a'])
  await third.leave()
})

test('who is slow is told the newest, and nothing of what was between', async t => {
  const scene = new BroadcastScene()
  const end = new AbortController()
  const slow = scene.feed.watch(end.signal)
  const next = async () => said((await slow.next()).value as StatusMessage)
  t.is(await next(), '')
  for (const name of ['a', 'b', 'c']) {
    scene.names = [name]
    await scene.passes()
  }
  t.is(await next(), 'c')
  end.abort()
  t.true((await slow.next()).done)
})

test('a database that does not answer is told of, and the picture again afterwards', async t => {
  const scene = new BroadcastScene()
  const watcher = new Watcher(scene.feed)
  scene.trouble = new SeraError('lock-failed', 'away')
  await scene.passes()
  scene.trouble = undefined
  await scene.passes()
  t.deepEqual(watcher.told, ['', 'away', ''])
  await watcher.leave()
})

test('no look is taken any more when the gateway ends', async t => {
  const scene = new BroadcastScene()
  const watcher = new Watcher(scene.feed)
  await scene.passes()
  scene.closing.abort()
  const { looks } = scene
  await new Promise(resolve => setTimeout(resolve, 30))
  t.true(scene.looks <= looks + 1)
  await watcher.leave()
})
