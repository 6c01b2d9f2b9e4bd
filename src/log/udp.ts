/** Syslog over UDP (RFC 5426): one message, one packet. */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv4 } from 'node:net'
import type { Wire } from './wire.js'

interface UdpTarget {
  socket: Socket
  host: string
}

/** @param addresses looks up the host: once, and again after a failure */
export function openUdp(port: number, addresses: (signal: AbortSignal) => Promise<string[]>): Wire {
  const closing = new AbortController()
  let target: Promise<UdpTarget> | undefined

  async function aim(): Promise<UdpTarget> {
    const found = await addresses(closing.signal)
    // IPv4 first: if the server listens on only one of the two addresses of `localhost`, UDP reports nothing.
    const host = found.find(isIPv4) ?? found[0]
    if (host === undefined) throw new Error('the host has no address')
    const socket = createSocket(isIPv4(host) ? 'udp4' : 'udp6').unref()
    socket.on('error', () => undefined)
    return { socket, host }
  }

  return {
    async send(message) {
      target ??= aim()
      target.catch(() => {
        target = undefined
      })
      const { socket, host } = await target
      const sent = () => sendTo(socket, message, port, host)
      // If no server listened at an earlier message, Bun reports that now and does not send this one. So send again.
      await sent().catch(sent)
    },
    close() {
      closing.abort()
      target?.then(
        ({ socket }) => socket.close(),
        () => undefined,
      )
    },
  }
}

function sendTo(socket: Socket, message: string, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send(message, port, host, error => (error ? reject(error) : resolve())),
  )
}
