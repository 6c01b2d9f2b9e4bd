/** Servers that answer slowly, and servers that close every connection. */
import { connect, createServer } from 'node:net'
import { admin } from '../support/admin.js'
import { each, eachProxied } from '../support/each.js'
import { Journal } from '../support/journal.js'
import { until } from '../support/until.js'

eachProxied('TERM ends a wait of 0 whose grant is on its way', async (t, bench, proxy) => {
  const journal = new Journal(bench.folder)
  proxy.delayMs = 700
  const sera = bench.sera(['0', ...journal.command({ who: 'it', script: '' })])
  await until('GET_LOCK is on its way', () => proxy.commands.flat().length >= 2)
  sera.kill('SIGTERM')
  t.is(await sera.exited, 143)
  t.deepEqual(journal.all('start'), [])
})

each('a server that closes after each greeting is retried slowly until the deadline', async (t, bench, server) => {
  let connections = 0
  const hangingUp = createServer(client => {
    connections++
    let words = 0
    const upstream = connect(server.port, '127.0.0.1').on('error', () => {})
    upstream.pipe(client).on('error', () => {})
    client.on('data', data => {
      if (++words === 1) upstream.write(data)
      else client.resetAndDestroy()
    })
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>(resolve => hangingUp.listen(0, '127.0.0.1', resolve))
  t.teardown(() => hangingUp.close())
  const { port } = hangingUp.address() as { port: number }
  const sera = bench.sera(['2', 'true'], { env: { SERA_SERVER: `sera:secret@tcp(127.0.0.1:${port})/sera` } })
  t.is(await sera.exited, 202)
  t.true(connections > 1 && connections < 60, `${connections} connections`)
})

each('a free lock is granted at once with a wait below a second', async (t, bench, server) => {
  await using above = await admin(server)
  const quick = ['0.6', 'sh', '-c', '[ "$SERA_WAITED_MS" -lt 500 ]']
  await until('a wait of less than 500 ms', async () => (await bench.sera(quick).exited) === 0)
  t.is(await above.holder(bench.lock), undefined)
})
