/** Syslog over TCP (RFC 6587, a message a line). A line is sent once: what a dying connection swallowed is lost. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Wire } from './wire.js'

/** `addresses` looks the host up. They are tried in turn, and again with the first line after the connection was lost. */
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

/** The socket never keeps the process alive: whoever waits for a line does that. Undefined where nobody answers. */
export async function connected(host: string, port: number, signal: AbortSignal): Promise<Socket | undefined> {
  const socket = connect({ host, port, noDelay: true }).unref()
  socket.on('error', () => undefined)
  // What is left unread turns the closing FIN into a reset, and the last line may be lost with it.
  socket.resume()
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch {
    socket.destroy()
    return undefined
  }
}
