/** A command that ignores TERM and fills the process limit of its user: the guard must end it without a fork. */
import { chownSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../src/clock.js'
import { SAFETY_MARGIN_MS } from '../../src/fence.js'
import { admin } from '../support/admin.js'
import { each } from '../support/each.js'
import { Lag } from '../support/lag.js'
import { DIES_WITH_THE_TEST } from '../support/processes.js'
import type { Bench, SeraProcess } from '../support/sera.js'
import { until } from '../support/until.js'

const GRACE_MS = 1000
const TIMES = ['--lease', '20s', '--grace', `${GRACE_MS}ms`, '--on-lost', 'terminate']

/** Processes and threads; sera and its guard need about 20. */
const LIMIT = 60
/** Lets root read this checkout as another user. No such user exists, so the limit counts only this test's processes. */
const CAPABILITIES = '+dac_override,+dac_read_search'
let nextUid = 100_000 + 10 * process.pid

/** Uses up the process limit; starts 200 processes at most, which all end by themselves. */
const FILL = `
  $SIG{TERM} = 'IGNORE';
  my ($left, $end) = (200, time + 100);
  while (time < $end) {
    my $pid = $left > 0 ? fork : -1;
    if (defined $pid && $pid == 0) { sleep 100; exit }
    if (defined $pid && $pid > 0) { $left--; next }
    unless (defined $pid) { open my $full, '>', 'full' }
    select undef, undef, undef, 0.01;
  }`

if (process.getuid?.() === 0) {
  each('sera killed at a full process limit: the command ends by the grace', async (t, bench) => {
    const sera = await full(bench)
    await goneInTime(t, sera, () => sera.kill('SIGKILL'))
  })

  each('lock lost at a full process limit: the command ends by the grace', async (t, bench, server) => {
    await using above = await admin(server)
    const sera = await full(bench)
    const holder = await above.holder(bench.lock)
    await goneInTime(t, sera, async () => holder && (await above.kill(holder)))
  })
} else {
  each('a full process limit', async t => {
    t.log('skipped: only root can start a command as a user with a limit')
    t.pass()
  })
}

/** A sera whose command has reached the limit. */
async function full(bench: Bench): Promise<SeraProcess> {
  const uid = nextUid++
  chownSync(bench.folder, uid, -1)
  const user = [`--reuid=${uid}`, '--clear-groups', `--inh-caps=${CAPABILITIES}`, `--ambient-caps=${CAPABILITIES}`]
  const prefix = ['prlimit', `--nproc=${LIMIT}`, 'setpriv', ...user, 'setpriv', ...DIES_WITH_THE_TEST]
  const sera = bench.sera([...TIMES, '5', 'perl', '-e', FILL], { prefix })
  await until('the limit is reached', () => existsSync(join(bench.folder, 'full')))
  return sera
}

/** The guard may end the command earlier, because it could not watch the clock. */
async function goneInTime(t: ExecutionContext, sera: SeraProcess, strike: () => unknown): Promise<void> {
  const lag = new Lag()
  const since = systemClock.boot()
  await strike()
  await until('the command has ended', () => sera.family().length === 0)
  const lateMs = systemClock.boot() - since - GRACE_MS
  const lagMs = await lag.ms()
  t.true(lateMs <= SAFETY_MARGIN_MS + lagMs, `ended ${lateMs} ms after the grace, with a lag of ${lagMs} ms`)
  t.log(`ended ${lateMs} ms after the grace, lag ${lagMs} ms`)
}
