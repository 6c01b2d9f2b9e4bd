/** A fake pool server, whose answers a test scripts. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

export interface AskedOfPool {
  /** get, wait, renew or release, with its prefix: `locks/get`. */
  verb: string
  host: string | null
  pool: string | null
  id: string | null
  token: string | null
  authorization: string | undefined
}

/** `hang`: no answer; `reset`: the connection is reset; otherwise the answer. */
export type ScriptedAnswer =
  | 'hang'
  | 'reset'
  | string
  | { status?: number; headers?: Record<string, string>; text: string }

export interface PoolServer {
  url: string
  port: number
  asked: AskedOfPool[]
  /** The number of requests with this verb. */
  count(verb: string): number
  /** Connected clients that wait. */
  waiting: Set<ServerResponse>
  stop(): void
}

export async function poolServer(
  t: Pick<ExecutionContext, 'teardown'>,
  tell: (asked: AskedOfPool, response: ServerResponse) => ScriptedAnswer,
  port = 0,
): Promise<PoolServer> {
  const asked: AskedOfPool[] = []
  const waiting = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const one = read(request)
    asked.push(one)
    answer(tell(one, response), response, waiting)
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  t.teardown(stop)
  const at = (server.address() as AddressInfo).port
  const count = (verb: string) => asked.filter(one => one.verb === verb).length
  return { url: `http://127.0.0.1:${at}`, port: at, asked, count, waiting, stop }
}

function read({ url = '', headers }: IncomingMessage): AskedOfPool {
  const { pathname, searchParams } = new URL(url, 'http://host')
  const [host = null, pool = null, id = null, token = null] = ['host', 'pool', 'id', 'token'].map(name =>
    searchParams.get(name),
  )
  return { verb: pathname.replace(/^\/|\/$/g, ''), host, pool, id, token, authorization: headers.authorization }
}

function answer(scripted: ScriptedAnswer, response: ServerResponse, waiting: Set<ServerResponse>): void {
  if (scripted === 'hang') {
    waiting.add(response)
    response.once('close', () => waiting.delete(response))
  } else if (scripted === 'reset') {
    response.socket?.resetAndDestroy()
  } else {
    const { status = 200, headers = {}, text } = typeof scripted === 'string' ? { text: scripted } : scripted
    response.writeHead(status, headers).end(text)
  }
}

/** One pool with one place, as in Distributex; with `expires` (seconds), as in a sera gateway. */
export function onePool(expires?: string): (asked: AskedOfPool, response: ServerResponse) => ScriptedAnswer {
  let holder: string | null | undefined
  let token = 100
  const line: { host: string | null; response: ServerResponse }[] = []
  const headers = (): Record<string, string> =>
    expires === undefined ? {} : { 'Sera-Expires-In': expires, 'Sera-Token': String(token) }
  const grant = (host: string | null): ScriptedAnswer => {
    if (holder !== host) token++
    holder = host
    return { headers: headers(), text: 'YES' }
  }
  return ({ verb, host, token: shown }, response) => {
    const mine = holder === undefined || holder === host
    if (verb === 'get') return mine ? grant(host) : 'NO'
    if (verb === 'renew') return { headers: headers(), text: holder === host && shown === String(token) ? 'OK' : 'NO' }
    if (verb === 'wait') {
      if (mine) return grant(host)
      line.push({ host, response })
      response.once('close', () => {
        const at = line.findIndex(one => one.response === response)
        if (at !== -1) line.splice(at, 1)
      })
      return 'hang'
    }
    if (verb !== 'release') return 'INVALID'
    if (holder !== host) return 'OK'
    holder = undefined
    const next = line.shift()
    if (next) answer(grant(next.host), next.response, new Set())
    return 'OK'
  }
}
