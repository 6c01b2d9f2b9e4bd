import { each } from '../../support/each.js'
import { serve } from '../../support/gateway.js'
import { until } from '../../support/until.js'
import { clientOf, newKey } from './harness.js'

each('when a gateway is killed, its client keeps its place at another', async (t, bench) => {
  const [doomed, other] = [await serve(bench), await serve(bench)]
  const [one, two] = [clientOf(doomed.url), clientOf(other.url)]
  const path = `/v1/mutexes/${encodeURIComponent(t.title)}/claims`
  const holder = await one.post(path, {})
  const [first, second] = [newKey(), newKey()]
  const exists = (key: string) => until('it waits', async () => (await two.get(`/v1/claims/${key}`)).status === 200)
  const cutOff = one.post(path, {}, { key: first })
  await exists(first)
  const behind = two.post(path, {}, { key: second })
  await exists(second)
  doomed.sera.kill('SIGKILL')
  await t.throwsAsync(cutOff, { any: true })
  const renewed = await two.post(`/v1/claims/${holder.body.id}/renew`)
  t.is(renewed.body.token, holder.body.token)
  const goesOn = await two.post(path, { wait: '1ms' }, { key: first })
  t.deepEqual([goesOn.status, goesOn.body.ahead], [202, 1])
  const granted = two.post(path, {}, { key: first })
  t.is((await two.delete(`/v1/claims/${holder.body.id}`)).status, 204)
  t.is((await granted).status, 200)
  t.is((await two.get(`/v1/claims/${second}`)).body.state, 'waiting')
  await two.delete(`/v1/claims/${first}`)
  t.is((await behind).status, 200)
})

each('a gateway that shuts down answers 503, and waiting clients keep their place', async (t, bench) => {
  const [ending, other] = [await serve(bench), await serve(bench)]
  const [one, two] = [clientOf(ending.url), clientOf(other.url)]
  const path = `/v1/mutexes/${encodeURIComponent(t.title)}/claims`
  const holder = await two.post(path, {})
  const key = newKey()
  const waits = one.post(path, {}, { key })
  await until('it waits', async () => (await two.get(`/v1/claims/${key}`)).status === 200)
  ending.sera.kill('SIGTERM')
  const answer = await waits
  t.deepEqual([answer.status, answer.body.kind, answer.headers.get('retry-after')], [503, 'lock-failed', '1'])
  t.is(await ending.sera.exited, 0)
  t.is((await two.get(`/v1/claims/${key}`)).body.state, 'waiting')
  await two.delete(`/v1/claims/${holder.body.id}`)
  t.is((await two.post(path, {}, { key })).status, 200)
})
