/** The log of a running gateway. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { type Rsyslog, startRsyslog } from '../../log/rsyslog.js'
import { each } from '../../support/each.js'
import { ask, get, serve } from '../../support/gateway.js'
import { until } from '../../support/until.js'

const syslog: Rsyslog = await startRsyslog()
test.after.always(() => syslog[Symbol.asyncDispose]())

/** No server listens there. */
const NO_SERVER = 'sera@tcp(127.0.0.1:1)/sera'
const TOKEN = 'a-token-that-must-not-be-logged'

each('lanes show arrivals, matches, departures and each request', async (t, bench) => {
  const { sera, url } = await serve(bench)
  const logs = (line: RegExp) => until(`${line} in ${sera.stdout}`, () => line.test(sera.stdout))
  const event = (name: string, actor: string) => ask(`${url}/event?event=${name}&actor=${actor}`)
  event('coin', 'machine')
  await logs(/^\d\d:\d\d:\d\dZ ┌ \[e=coin a=machine\]$/m)
  const other = event('tea', 'other')
  await logs(/Z │┌ \[e=tea a=other\]$/m)
  t.is((await event('coin', 'customer').answer)?.status, 200)
  await logs(/Z └│└ match \[e=coin a=machine\] \[e=coin a=customer\]$/m)
  await logs(/Z {2}│ 127\.0\.0\.1 GET \/event\?event=coin&actor=customer 200 \d+ms$/m)
  other.hangUp()
  await logs(/Z {2}┴ stopped \[e=tea a=other\]$/m)
  await logs(/Z 127\.0\.0\.1 GET \/event\?event=tea&actor=other 499 \d+ms$/m)
  sera.kill('SIGTERM')
  t.is(await sera.exited, 0)
  t.is(sera.stdout.split('\n').filter(line => line.includes('match')).length, 1)
})

each('JSON has one object a line, and never the token', async (t, bench) => {
  const file = join(bench.folder, 'token')
  writeFileSync(file, TOKEN)
  const { sera, url } = await serve(bench, ['--log-format', 'json', '--token-file', file])
  const bearer = { Authorization: `Bearer ${TOKEN}` }
  const hex = [...TOKEN].map(letter => `%${letter.charCodeAt(0).toString(16)}`).join('')
  for (const path of [`/stats?token=${TOKEN}`, `/${TOKEN}`, `/?t=%00${hex}`, '/x%0A{"kind":"access"}%1b[31m', '/%ff']) {
    t.true((await get(`${url}${path}`)).status >= 400)
  }
  t.is((await get(`${url}/event?event=a%0Ab&actor=x`, bearer)).status, 400)
  t.is((await get(`${url}/event?event=e%E2%80%AE&actor=x&mates=0`, bearer)).status, 200)
  sera.kill('SIGTERM')
  await sera.ended()
  const entries = sera.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  t.deepEqual(
    entries.map(({ kind, what, status }) => what ?? `${kind} ${status}`),
    [401, 401, 401, 401, 400, 400].map(status => `access ${status}`).concat('came', 'met', 'access 200'),
  )
  const targets = entries.map(({ target }) => target)
  t.deepEqual(targets.slice(0, 3), ['…', '…', '…'])
  t.regex(targets[3], /^\/x%0A\S+%1b\[31m$/)
  t.false((sera.stdout + sera.stderr).includes(TOKEN))
  t.notRegex(sera.stdout, /[^\P{C}\n]/u)
})

each('--quiet writes no log', async (t, bench) => {
  const { sera, url } = await serve(bench)
  sera.kill('SIGTERM')
  await sera.exited
  const quiet = bench.sub(['serve', '--quiet', '--listen', new URL(url).host])
  await until('it listens', async () => (await ask(`${url}/stats`).answer)?.status === 200)
  quiet.kill('SIGTERM')
  t.deepEqual(await quiet.ended(), { code: 0, stdout: '', stderr: '' })
})

each('the gateway continues when the reader of its log stops or exits', async (t, bench) => {
  const { sera, url } = await serve(bench)
  sera.child.stdout?.pause()
  const path = `/${'x'.repeat(400)}`
  for (let n = 0; n < 400; n++) await get(url + path)
  t.is((await get(`${url}/readyz`)).status, 200)
  sera.child.stdout?.destroy()
  for (let n = 0; n < 10; n++) await get(url + path)
  t.is((await get(`${url}/readyz`)).status, 200)
  sera.kill('SIGTERM')
  t.is(await sera.exited, 0)
})

each('syslog gets failed requests, and with audit every request', async (t, bench, { kind }) => {
  const mark = `${kind}-${process.pid}`
  for (const audit of [false, true]) {
    const config = join(bench.folder, 'sera.json')
    const settings = {
      connectWait: '0',
      audit,
      syslog: { address: syslog.address.udp },
    }
    writeFileSync(config, JSON.stringify(settings))
    const { sera, url } = await serve(bench, ['--config', config], { env: { SERA_SERVER: NO_SERVER } })
    for (const path of ['healthz', 'stats', 'none']) await get(`${url}/${path}?${mark}-${audit}`)
    sera.kill('SIGTERM')
    await sera.exited
  }
  const messages = await syslog.messages(4, new RegExp(`${mark}-(true|false)`))
  const [quiet, ...audited] = messages.map(({ severity, text }) => `${severity} ${text}`)
  const failed = (audit: boolean) =>
    new RegExp(
      `^warning request="GET /stats\\?${mark}-${audit}" client=127.0.0.1 status=503 ms=\\d+ error="the lock .*"$`,
    )
  t.regex(quiet ?? '', failed(false))
  t.regex(
    audited[0] ?? '',
    new RegExp(`^info request="GET /healthz\\?${mark}-true" client=127.0.0.1 status=200 ms=\\d+$`),
  )
  t.regex(audited[1] ?? '', failed(true))
  t.regex(audited[2] ?? '', /^info request="GET \/none\?\S+" client=127\.0\.0\.1 status=404 ms=\d+$/)
})
