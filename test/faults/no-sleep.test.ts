/** A host on which the guard cannot work, made by a mount namespace: sera runs no command there. */
import { each } from '../support/each.js'
import { until } from '../support/until.js'

/** `then` may install another sleep. */
function withoutSleep(then = ''): { prefix: string[] } {
  const hide = 'for f in /usr/bin/sleep /bin/sleep; do mount --bind /dev/null "$f" || exit; done'
  return { prefix: ['unshare', '-m', 'sh', '-c', `cp /usr/bin/sleep own-sleep; ${hide}; ${then} exec "$@"`, 'sh'] }
}

if (process.getuid?.() === 0) {
  each('a host without sleep: 202 with the reason, nothing runs', async (t, bench) => {
    const sera = bench.sera(['5', 'sh', '-c', 'echo ran'], withoutSleep())
    t.is(await sera.exited, 202)
    t.regex(
      await sera.said(),
      /^sera: .*the guard cannot work here: there is no program "sleep" in .*; nothing was run\n$/,
    )
    t.is(sera.stdout, '')
  })

  each('a host with sleep only in the user’s PATH: the guard works', async (t, bench) => {
    const elsewhere = withoutSleep('mkdir own && mv own-sleep own/sleep && export PATH="$PWD/own:$PATH";')
    const sera = bench.sera(['--lease', '4s', '--grace', '500ms', '5', 'sleep', '1000'], elsewhere)
    await until('the command', () => sera.family().length > 0)
    sera.kill('SIGSTOP')
    await until('the guard has ended it at the fence', () => sera.family().length === 0)
    sera.kill('SIGCONT')
    t.is(await sera.exited, 206)
  })
}
