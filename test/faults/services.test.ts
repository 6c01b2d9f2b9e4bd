/** A service that a command leaves running keeps neither the lock nor sera, and continues to run. */
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { admin } from '../support/admin.js'
import { each } from '../support/each.js'
import { Journal } from '../support/journal.js'
import { guardsOf } from '../support/processes.js'
import { until } from '../support/until.js'

const SERVICES = {
  'in the background': 'sleep 1000 & exit 3',
  'in the background of a subshell': '(sleep 1000 &) ; exit 3',
  'in a session of its own': 'setsid sleep 1000 & sleep 0.2; exit 3',
  'that closed its streams': 'sleep 1000 <&- >&- 2>&- & exit 3',
}

for (const [where, script] of Object.entries(SERVICES)) {
  each(`a service ${where} keeps neither the lock nor sera, and continues to run`, async (t, bench, server) => {
    await using above = await admin(server)
    const output = openSync(join(bench.folder, 'output'), 'w')
    const sera = bench.sera(['--lease', '50s', '5', 'sh', '-c', script], { output })
    t.is(await sera.exited, 3)
    t.is(await above.holder(bench.lock), undefined)
    t.is(sera.family().length, 1)
    const next = bench.sera(['0', 'true'])
    t.is(await next.exited, 0)
    t.is(sera.family().length, 1, 'the service still runs')
  })
}

each('a service also survives sera killed after its command ended', async (t, bench, server) => {
  await using above = await admin(server)
  const journal = new Journal(bench.folder)
  const command = journal.command({ who: 'it', script: 'sleep 1000 9>&- &' })
  const sera = bench.sera(['--hold-at-least', '60s', '5', ...command])
  await journal.seen('end', 'it')
  await until('the guard is dismissed', () => guardsOf(sera.pid).length === 0)
  t.truthy(await above.holder(bench.lock))
  sera.kill('SIGKILL')
  await sera.exited
  t.is(sera.family().length, 1)
  t.deepEqual(guardsOf(sera.pid), [])
})
