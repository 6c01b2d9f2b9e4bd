/** Syslog over TCP (RFC 6587, one message a line). A line is sent once; if the connection breaks, it may be lost. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Wire } from './wire.js'

/** @param addresses looks up the host; they are tried in turn, and again for the first line after a disconnect */
export function openTcp(port: number, addresses: (signal: AbortSignal) => Promise<string[]>): Wire {
  const closing = new AbortController()
  let connection: Promise<Socket> | undefined

  async function reach(): Promise<Socket> {
    for (const host of await addresses(closing.signal)) {
      const socket = await connected(host, port, closing.signal)
      if (socket === undefined) continue
      return socket.on('close', () => {
        connection = undefined
      })
    }
    throw new Error('no server listens')
  }

  return {
    async send(message) {
      connection ??= reach()
      connection.catch(() => {
        connection = undefined
      })
      const socket = await connection
      await new Promise<void>((resolve, reject) =>
        socket.write(`${message}\n`, error => (error ? reject(error) : resolve())),
      )
    },
    close() {
      closing.abort()
      connection?.then(
        socket => socket.destroySoon(),
        () => undefined,
      )
    },
  }
}

/** A connected socket; undefined if the server does not answer. The socket does not keep the process alive; a wait does. */
export async function connected(host: string, port: number, signal: AbortSignal): Promise<Socket | undefined> {
  const socket = connect({ host, port, noDelay: true }).unref()
  socket.on('error', () => undefined)
  // Unread data would turn the closing FIN into a reset, which could lose the last line.
  socket.resume()
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch {
    socket.destroy()
    return undefined
  }
}
