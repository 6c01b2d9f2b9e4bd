/** Tries to connect to a unix socket. */
import { connect } from 'node:net'

/** Long enough for a busy machine. */
const LIMIT_MS = 5000

/** Whether a server listens. */
export function listens(socketPath: string): Promise<boolean> {
  return probe(socketPath, 'connect')
}

/** Whether a server is ready: it sends its greeting. */
export function greets(socketPath: string): Promise<boolean> {
  return probe(socketPath, 'data')
}

function probe(path: string, good: 'connect' | 'data'): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const settle = (answer: boolean) => {
      resolve(answer)
      socket.destroy()
    }
    socket.setTimeout(LIMIT_MS)
    socket.once(good, () => settle(true))
    for (const bad of ['error', 'timeout', 'close']) socket.once(bad, () => settle(false))
  })
}
