/** The message to systemd that the gateway is ready: sd_notify(3). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { each, onRuntimes } from '../../support/each.js'
import { get, serve } from '../../support/gateway.js'
import { DIES_WITH_THE_TEST } from '../../support/processes.js'
import { until } from '../../support/until.js'

/** In the place of systemd: prints each datagram. */
const LISTENER = `
  $| = 1;
  my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
  print "listening\n";
  while (defined $socket->recv(my $message, 4096)) { print "$message\n" }`

async function listen(t: ExecutionContext, path: string): Promise<() => string> {
  const args = [...DIES_WITH_THE_TEST, 'perl', '-MIO::Socket::UNIX', '-e', LISTENER, path]
  const listener = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => {
    listener.kill('SIGKILL')
    if (listener.exitCode === null && listener.signalCode === null) await once(listener, 'exit')
  })
  let heard = ''
  listener.stdout.on('data', chunk => {
    heard += chunk
  })
  await until('the socket exists', () => heard.includes('listening'))
  return () => heard
}

each('the gateway tells systemd that it is ready, once it listens', async (t, bench) => {
  const socket = join(bench.folder, 'notify')
  const heard = await listen(t, socket)
  const { sera, url } = await serve(bench, [], { env: { NOTIFY_SOCKET: socket } })
  await until('READY=1 arrives', () => heard().includes('READY=1'))
  t.is((await get(`${url}/healthz`)).status, 200)
  sera.kill('SIGTERM')
  t.is(await sera.exited, 0)
})

onRuntimes('a gateway that cannot reach systemd says so, and serves', async (t, bench) => {
  const { sera, url } = await serve(bench, [], { env: { NOTIFY_SOCKET: join(bench.folder, 'missing') } })
  await until('the problem is reported', () => sera.stderr.includes('cannot tell systemd'))
  t.is((await get(`${url}/healthz`)).status, 200)
  sera.kill('SIGTERM')
  t.is(await sera.exited, 0)
})
