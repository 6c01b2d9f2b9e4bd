/** Status and history over HTTP. */
import { readFileSync } from 'node:fs'
import { get as open } from 'node:http'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { hold } from '../../e2e/held.js'
import { each } from '../../support/each.js'
import { get, serve } from '../../support/gateway.js'
import { startServer } from '../../support/servers.js'
import { until } from '../../support/until.js'

const matches = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync('docs/status.schema.json', 'utf8')))

interface Stream {
  type: string | undefined
  text: string
  over: boolean
  close(): void
}

/** Collects the text of a stream. */
async function stream(url: string): Promise<Stream> {
  return await new Promise(resolve => {
    const request = open(url, response => {
      const type = response.headers['content-type']
      const stream: Stream = { type, text: '', over: false, close: () => request.destroy() }
      const end = () => {
        stream.over = true
      }
      response.setEncoding('utf8').on('data', text => {
        stream.text += text
      })
      response.on('close', end).on('error', end)
      resolve(stream)
    })
  })
}

const count = ({ text }: Stream, event: string) => text.split(`event: ${event}\n`).length - 1

each('/v1/status answers as sera status --json', async (t, bench) => {
  const { url } = await serve(bench)
  const held = await hold(bench, ['rwlock', 'write', bench.name, '30']).started()
  const { status, type, text } = await get(`${url}/v1/status`)
  t.like({ status, type }, { status: 200, type: 'application/json' })
  t.true(matches(JSON.parse(text)), JSON.stringify(matches.errors))
  const { resources } = JSON.parse(text) as { resources: { name: string; claims: { pid: number }[] }[] }
  t.is(resources.find(({ name }) => name === bench.name)?.claims[0]?.pid, held.sera.pid)
  await held.end()
})

each('/v1/watch sends the status at once and at each change until shutdown', async (t, bench) => {
  const { url, sera } = await serve(bench)
  const watch = await stream(`${url}/v1/watch`)
  t.is(watch.type, 'text/event-stream')
  await until('the first status', () => count(watch, 'status') > 0)
  t.regex(watch.text, /^retry: \d+\n\nevent: status\ndata: \{.*\}\n\n/)
  t.is((await bench.sub(['sem', bench.name, '3']).ended()).code, 0)
  await until('the change', () => watch.text.includes(JSON.stringify(bench.name)))
  t.is((await fetch(`${url}/v1/watch`, { method: 'HEAD' })).status, 200)
  sera.kill('SIGTERM')
  await until('it is over', () => watch.over)
  t.is(await sera.exited, 0)
})

each('/v1/watch reports when the database is lost and when it is back', async (t, bench, { kind }) => {
  await using own = await startServer({ kind })
  const { url } = await serve(bench, [], { env: { SERA_SERVER: own.dsn() } })
  const watch = await stream(`${url}/v1/watch`)
  await until('the first status', () => count(watch, 'status') > 0)
  const before = count(watch, 'status')
  await own.kill('SIGKILL')
  await until('the trouble', () => count(watch, 'trouble') > 0)
  t.regex(watch.text, /event: trouble\ndata: \{"reason":"the lock tables at .* can't be used: .*"\}\n/)
  t.false(watch.text.includes('secret'))
  t.is((await get(`${url}/v1/status`)).status, 503)
  await own.restart()
  await until('the status again', () => count(watch, 'status') > before)
  watch.close()
})

each('/v1/history filters by the query and refuses an invalid one', async (t, bench) => {
  const { url } = await serve(bench)
  const ask = async (query: Record<string, string>) =>
    await get(`${url}/v1/history?${new URLSearchParams({ name: bench.name, ...query })}`)
  const outcomes = async (query: Record<string, string>) =>
    JSON.parse((await ask(query)).text).entries.map((entry: { outcome: string }) => entry.outcome)
  t.deepEqual(await outcomes({}), [])
  t.is((await bench.sub(['rwlock', 'write', bench.name, '5', 'true']).ended()).code, 0)
  t.is((await bench.sub(['sem', '--wait', '0', bench.name, '-1']).ended()).code, 204)
  t.deepEqual(await outcomes({}), ['ran', 'timed-out'])
  t.deepEqual(await outcomes({ limit: '1' }), ['timed-out'])
  t.deepEqual(await outcomes({ outcome: 'ran', since: '1h' }), ['ran'])
  t.deepEqual(await outcomes({ since: '2099-01-01T00:00Z' }), [])
  const [entry] = JSON.parse((await ask({})).text).entries
  t.like(entry, { kind: 'rwlock', exitCode: 0, command: 'true' })
  for (const wrong of [{ limit: '0' }, { limit: 'x' }, { since: 'soon' }, { outcome: 'won' }]) {
    const { status, type } = await ask(wrong)
    t.like({ status, type }, { status: 400, type: 'application/problem+json' }, JSON.stringify(wrong))
  }
})
