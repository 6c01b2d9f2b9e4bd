/** Claims that join a queue in one transaction whose COMMIT is disturbed. */
import { admit } from '../../src/primitives/mutex.js'
import { type AnswerFate, startFaultyProxy } from '../support/faulty-proxy.js'
import { lockTables } from '../support/lock-tables.js'
import { sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'

const CLAIMS = 70
const ENDS: Record<AnswerFate, string> = {
  pass: 'is answered',
  lost: 'is lost',
  unanswered: 'succeeds, but its answer is lost',
  late: 'succeeds late',
}
const PATIENCE = { until: Number.POSITIVE_INFINITY }

for (const server of sharedServers()) {
  for (const fate of ['pass', 'lost', 'unanswered', 'late'] as const) {
    const title = `${CLAIMS} claims join a queue in one batch; the COMMIT ${ENDS[fate]} (${server.kind})`
    test(title, async t => {
      await using proxy = await startFaultyProxy(server.port)
      const statements: string[] = []
      proxy.fate = statement => {
        statements.push(statement)
        return statement === 'COMMIT' && statements.filter(one => one === 'COMMIT').length === 2 ? fate : 'pass'
      }
      const key = { kind: 'mutex', name: title }
      const tables = lockTables([proxy.dsn], { leaseMs: 8000 })
      t.teardown(() => tables.close())
      const ids = Array.from({ length: CLAIMS }, (_, at) => `${server.kind}-${fate}-${at}`)
      const join = (id: string) =>
        tables.step(key, { id, leaseMs: 60_000 }, admit, { ...PATIENCE, join: true, read: { oldest: 50 } })
      const results = await Promise.all(ids.map(join))
      t.deepEqual(
        results.map(({ admitted }) => admitted),
        ids.map((_, at) => at === 0),
      )
      const [state] = await tables.look([{ key, upTo: Number.POSITIVE_INFINITY }], PATIENCE)
      t.deepEqual(
        state?.claims.map(({ id }) => id),
        ids,
        'each exists once, in order of arrival',
      )
      t.is(new Set(state?.claims.map(({ ticket }) => ticket)).size, CLAIMS, 'two claims share a ticket')
      t.true(
        results.every(({ mine }, at) => mine?.ticket === state?.claims[at]?.ticket),
        'told another ticket',
      )
      const inserts = statements.filter(one => /^INSERT INTO sera_claim/.test(one)).length
      if (fate === 'pass') t.true(inserts <= 3, `${inserts} statements for ${CLAIMS}`)
      await Promise.all(ids.map(id => tables.remove(id, PATIENCE)))
    })
  }
}
