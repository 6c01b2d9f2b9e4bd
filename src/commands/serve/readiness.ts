/**
 * Tells systemd that the gateway is ready (`Type=notify`), as sd_notify(3) does. Neither Node nor Bun can send on a unix
 * datagram socket, so `systemd-notify` does it. It is on every host that has systemd.
 */
import type { RunContext } from '../../run/context.js'

/** Does nothing unless systemd, or a program like it, waits for the message. */
export async function notifyReady({ host, messages }: RunContext): Promise<void> {
  if (!host.env.NOTIFY_SOCKET) return
  const [{ run }, { spawn }] = await Promise.all([import('../../log/program.js'), import('../../child/program.js')])
  try {
    await run(spawn, 'systemd-notify', ['--ready'], { signal: new AbortController().signal })
  } catch (error) {
    messages.complain(`cannot tell systemd that the gateway is ready: ${(error as Error).message}`)
  }
}
