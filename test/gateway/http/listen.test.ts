/** Where a gateway listens. */
import test from 'ava'
import { withoutIPv6 } from '../../support/confined.js'
import { onRuntimes } from '../../support/each.js'
import { get, serve } from '../../support/gateway.js'
import { until } from '../../support/until.js'

const prefix = withoutIPv6()

if (!prefix) test.skip('it is not known how to keep programs from IPv6 on this processor', () => {})
else {
  onRuntimes('all addresses are those of IPv4 where IPv6 is off', async (t, bench) => {
    const { sera } = await serve(bench, ['--listen', ':0', '--insecure'], { prefix })
    const port = await until('it listens there, too', () => {
      if (!sera.running) throw new Error(`the gateway has ended: ${sera.stderr}`)
      return /listening on http:\/\/0\.0\.0\.0:(\d+)/.exec(sera.stderr)?.[1]
    })
    t.is((await get(`http://127.0.0.1:${port}/healthz`)).text, 'ok\n')
    const v6 = bench.sub(['serve', '--listen', '[::1]:0'], { prefix })
    const { code, stderr } = await v6.ended()
    t.deepEqual([code, stderr], [202, 'sera: cannot listen on ::1:0: IPv6 is off here\n'])
  })
}
