/** The addresses that a gateway listens on. */
import test from 'ava'
import { withoutIPv6 } from '../../support/confined.js'
import { onRuntimes } from '../../support/each.js'
import { get, serve } from '../../support/gateway.js'
import { until } from '../../support/until.js'

const prefix = withoutIPv6()

if (!prefix) test.skip('this processor has no known way to block IPv6', () => {})
else {
  onRuntimes('without IPv6 the gateway listens on all IPv4 addresses', async (t, bench) => {
    const { sera } = await serve(bench, ['--listen', ':0', '--insecure'], { prefix })
    const port = await until('it listens', () => {
      if (!sera.running) throw new Error(`the gateway has ended: ${sera.stderr}`)
      return /listening on http:\/\/0\.0\.0\.0:(\d+)/.exec(sera.stderr)?.[1]
    })
    t.is((await get(`http://127.0.0.1:${port}/healthz`)).text, 'ok\n')
    const v6 = bench.sub(['serve', '--listen', '[::1]:0'], { prefix })
    const { code, stderr } = await v6.ended()
    t.deepEqual([code, stderr], [202, 'sera: cannot listen on ::1:0: this host has no IPv6\n'])
  })
}
