/** Tables and sessions that break transactions are refused with the reason. */
import test from 'ava'
import { statementsSince } from '../../../src/store/schema/schema.js'
import { visit } from '../../e2e/doctor.js'
import { RUNTIMES } from '../../support/runtimes.js'
import { sharedServers } from '../../support/servers.js'
import { database, deadline, run } from '../database.js'

const [runtime] = RUNTIMES as [(typeof RUNTIMES)[number]]

for (const server of sharedServers()) {
  const { kind } = server

  test(`${kind}: a lock table that is not InnoDB is refused and named`, async t => {
    const { account, root } = await database(t, server)
    const dsn = await account('ALL')
    for (const statement of statementsSince(0, kind === 'mariadb')) await root.query(statement)
    t.is((await run(dsn, '--engine', 'lease', '5', 'true')).code, 0)
    await root.query('ALTER TABLE sera_claim ENGINE = MyISAM')
    const refusal =
      /^sera: lock tables in database \w+ are not InnoDB and so cannot lock: sera_claim \(MyISAM\); [^\n]+\n$/
    for (const words of [
      ['rwlock', 'write', 'x', '5', 'echo', 'ran'],
      ['--engine', 'lease', '5', 'echo', 'ran'],
      ['schema', 'apply'],
    ]) {
      const { code, stdout, stderr } = await run(dsn, ...words)
      t.deepEqual({ code, stdout }, { code: 202, stdout: '' }, words.join(' '))
      t.regex(stderr, refusal, words.join(' '))
    }
    const { find } = await visit(t, runtime, dsn)
    t.like(find('tables'), { verdict: 'bad', remedy: 'run ALTER TABLE sera_claim ENGINE = InnoDB' })
    t.regex(find('tables').says, /^sera_claim \(MyISAM\) is not InnoDB/)
    t.is((await run(dsn, 'status')).code, 0, 'status needs no transaction')
    await root.query('ALTER TABLE sera_claim ENGINE = InnoDB')
    t.is((await run(dsn, '--engine', 'lease', '5', 'echo', 'ran')).stdout, 'ran\n')
  })

  test(`${kind}: a session with a transaction open after COMMIT is refused`, async t => {
    const { account, open } = await database(t, server)
    const tables = open(await account('ALL'))
    await tables.client.persist(connection => connection.raw.query('SET completion_type = 1'), deadline())
    const commit = tables.client.persist(async connection => {
      await connection.begin()
      await connection.commit()
    }, deadline())
    await t.throwsAsync(commit, { message: /has a transaction open after a COMMIT/ })
    await tables.client.persist(connection => connection.raw.query('SET autocommit = 0'), deadline())
    const renewal = tables.renew(['no such claim'], deadline())
    await t.throwsAsync(renewal, { message: /has a transaction open after a COMMIT or a single statement/ })
    t.is((await tables.renew(['no such claim'], deadline())).size, 0, 'the next call uses a new session')
  })
}
