/** Servers with one odd variable: sera locks as usual, or refuses with a reason. `npm run test:long` tries all variables. */
import test from 'ava'
import { sharedServers } from '../../support/servers.js'
import { candidates, type Odd } from './candidates.js'
import { contend } from './contenders.js'
import { OddServer } from './odd-server.js'

/** One variable for each kind of effect. */
const SAMPLE = [
  ...['sql_select_limit=2', 'completion_type=CHAIN', 'completion_type=RELEASE', 'autocommit=OFF'],
  ...['sql_mode=ANSI,NO_BACKSLASH_ESCAPES', 'group_concat_max_len=4', 'init_connect=START TRANSACTION'],
  ...['max_statement_time=1', 'max_execution_time=1000', 'tx_read_only=ON', 'transaction_read_only=ON'],
]

const REFUSED: Readonly<Record<string, RegExp>> = {
  'read_only=ON': /^\{"refused":".*the server is read-only/,
  'enforce_storage_engine=MyISAM': /^\{"refused":".*makes every table MyISAM \(enforce_storage_engine\)/,
}

const titled = ({ name, value }: Odd) => `${name}=${value}`

for (const { kind } of sharedServers()) {
  test.serial(`${kind}: on odd global variables sera locks as usual or refuses with a reason`, async t => {
    await using server = await OddServer.start(kind)
    const { odd, unknown } = candidates(kind, server.variables)
    t.deepEqual(unknown, [], 'variables that have no odd value and are not left out')
    t.true(new Set(odd.map(({ name }) => name)).size >= 40)
    for (const one of odd.filter(one => SAMPLE.includes(titled(one)) || titled(one) in REFUSED)) {
      const isLimit = /_time$/.test(one.name)
      const verdicts = await server.with(one, (plain, above) => contend(plain, above, 'it', isLimit ? 1500 : 0))
      const refusal = REFUSED[titled(one)]
      if (refusal) t.regex(JSON.stringify(verdicts?.tables), refusal, titled(one))
      else t.deepEqual(verdicts, { GET_LOCK: 'same', tables: 'same' }, titled(one))
    }
  })
}
