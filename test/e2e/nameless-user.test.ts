/** A user without a name, as in a container without a user database: its number is shown. */
import { each } from '../support/each.js'

const UID = 54_321
/** Root becomes another user that can still read this checkout; any other user gets a user namespace. */
const CAPABILITIES = '+dac_override,+dac_read_search'
const AS_NAMELESS =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid', `${UID}`, '--clear-groups', `--inh-caps=${CAPABILITIES}`, `--ambient-caps=${CAPABILITIES}`]
    : ['unshare', '--user', `--map-user=${UID}`]

each('a user without a name is shown by number', async (t, bench) => {
  const script = `"${bench.program}" status semaphore '${bench.name}' --json`
  const { code, stdout, stderr } = await bench
    .sub(['sem', bench.name, '1', '5', 'sh', '-c', script], { prefix: AS_NAMELESS })
    .ended()
  t.is(code, 0, stderr)
  const [{ claims }] = JSON.parse(stdout).resources
  t.is(claims[0].user, String(UID))
})
