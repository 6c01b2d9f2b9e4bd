/** Metrics for Prometheus, and the checks of a load balancer. */
import test from 'ava'
import { type ClaimWithOwner, freshClaim } from '../../../src/claims/model.js'
import { countClaims } from '../../../src/gateway/routes/metrics.js'
import { each } from '../../support/each.js'
import { startFaultyProxy } from '../../support/faulty-proxy.js'
import { ask, get, serve, type TestGateway } from '../../support/gateway.js'
import { parseExposition, type Sample } from '../../support/prometheus.js'
import { startServer } from '../../support/servers.js'
import { until } from '../../support/until.js'

async function scrape({ url }: TestGateway): Promise<Sample[]> {
  return parseExposition((await get(`${url}/metrics`)).text)
}

function value(samples: readonly Sample[], name: string, labels: Sample['labels'] = {}): number | undefined {
  const wanted = Object.entries(labels)
  return samples.find(one => one.name === name && wanted.every(([key, text]) => one.labels[key] === text))?.value
}

each('waits are counted by kind and outcome, with their duration', async (t, bench) => {
  const gateway = await serve(bench)
  const event = (actor: string, more = '') =>
    ask(`${gateway.url}/event?event=${encodeURIComponent(bench.name)}&actor=${actor}${more}`)
  const gone = event('gone', '&mates=9')
  const kind = 'rendezvous'
  await until('it waits', async () => Number(value(await scrape(gateway), 'sera_waiting', { kind })) >= 1)
  gone.hangUp()
  await until('it is counted', async () => {
    return value(await scrape(gateway), 'sera_acquisitions_total', { kind, outcome: 'gone' }) === 1
  })
  t.is((await event('a', '&mates=0').answer)?.status, 200)
  const samples = await scrape(gateway)
  t.is(value(samples, 'sera_acquisitions_total', { kind, outcome: 'granted' }), 1)
  t.is(value(samples, 'sera_wait_seconds_count', { kind }), 1)
  t.is(value(samples, 'sera_wait_seconds_bucket', { kind, le: '+Inf' }), 1)
  t.true(Number(value(samples, 'sera_wait_seconds_sum', { kind })) > 0)
  t.is(value(samples, 'sera_lost_total'), 0)
  t.is((await get(`${gateway.url}/v1/claims/00000000-0000-4000-8000-000000000000`)).status, 410)
  t.is(value(await scrape(gateway), 'sera_lost_total'), 1)
  t.is(typeof value(samples, 'sera_held', { kind: 'semaphore' }), 'number')
  t.regex(samples.find(({ name }) => name === 'sera_build_info')?.labels.version ?? '', /^\d+\.\d+\.\d+/)
  for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'process_start_time_seconds']) {
    t.true(Number(value(samples, name)) > 0, name)
  }
  t.true(Number(value(samples, 'nodejs_eventloop_lag_seconds')) >= 0)
  t.is((await get(`${gateway.url}/metrics`)).type, 'text/plain; version=0.0.4; charset=utf-8')
})

each('without the database /readyz fails, /healthz works and errors are counted', async (t, bench, shared) => {
  await using server = await startServer({ kind: shared.kind })
  const gateway = await serve(bench, [], { env: { SERA_SERVER: server.dsn() } })
  const ready = async () => (await get(`${gateway.url}/readyz`)).status === 200
  t.deepEqual(await get(`${gateway.url}/readyz`), { status: 200, type: 'text/plain; charset=UTF-8', text: 'ready\n' })
  for (const [away, back] of [
    [() => server.kill('SIGSTOP'), () => server.kill('SIGCONT')],
    [() => server.kill('SIGKILL'), () => server.restart()],
  ] as const) {
    await away()
    const { text, tookMs } = await until('it is not ready', async () => {
      const startedAt = performance.now()
      const { status, text } = await get(`${gateway.url}/readyz`)
      return status === 503 && { text, tookMs: performance.now() - startedAt }
    })
    t.true(tookMs < 3000)
    t.regex(text, /^.+\n$/)
    t.is((await get(`${gateway.url}/healthz`)).text, 'ok\n')
    await back()
    await until('it is ready again', ready)
  }
  const samples = await scrape(gateway)
  t.true(Number(value(samples, 'sera_database_errors_total')) > 0)
})

each('/metrics leaves out the claims while the database is unreachable', async (t, bench, shared) => {
  await using proxy = await startFaultyProxy(shared.port)
  const dsn = shared.dsn().replace(String(shared.port), String(proxy.port))
  const gateway = await serve(bench, [], { env: { SERA_SERVER: dsn } })
  proxy.dark = true
  const samples = await scrape(gateway)
  t.is(value(samples, 'sera_held', { kind: 'mutex' }), undefined)
  t.is(value(samples, 'sera_build_info'), 1)
})

test('an expired claim counts neither as held nor as waiting', t => {
  const claim = (overdueMs: number): ClaimWithOwner => ({
    ...freshClaim({ id: `${overdueMs}`, leaseMs: 1000 }, 1, 'process'),
    ...{ state: 'granted', host: '', pid: 0, user: '', command: '', sinceMs: 0, overdueMs },
  })
  const resource = { version: 1, grantedToken: 1, capacity: undefined, value: 0, generation: 0, record: undefined }
  const resources = [{ key: { kind: 'mutex', name: 'x' }, resource, claims: [-500, 0, 1].map(claim) }]
  const survey = { server: '', now: 1, isCut: false, unseen: [], getLocks: [], resources }
  t.is(countClaims(survey).held.get('mutex'), 2)
})
