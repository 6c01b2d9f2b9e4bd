/** A `sera serve` that listens, and requests to it. */
import { request } from 'node:http'
import type { Bench, SeraOptions, SeraProcess } from './sera.js'
import { until } from './until.js'

export interface TestGateway {
  sera: SeraProcess
  url: string
}

/** Starts a gateway on a port of its own, and waits until it listens. */
export async function serve(bench: Bench, args: readonly string[] = [], options?: SeraOptions): Promise<TestGateway> {
  const sera = bench.sub(['serve', '--verbose', '--listen', '127.0.0.1:0', ...args], options)
  const url = await until('the gateway listens', () => {
    if (!sera.running) throw new Error(`the gateway has ended: ${sera.stderr}`)
    return /listening on (\S+)/.exec(sera.stderr)?.[1]
  })
  return { sera, url }
}

export interface GatewayAnswer {
  status: number
  type: string | undefined
  text: string
}

export interface PendingAnswer {
  /** Undefined: the connection ended without an answer. */
  answer: Promise<GatewayAnswer | undefined>
  /** Also undefined while there is no answer yet. */
  answered: GatewayAnswer | undefined
  hangUp(): void
}

/** Sends a request on its own connection, like curl. */
export function ask(url: string, headers: Record<string, string> = {}): PendingAnswer {
  const outgoing = request(url, { agent: false, headers }).end()
  const asked: PendingAnswer = {
    answered: undefined,
    hangUp: () => outgoing.destroy(),
    answer: new Promise(resolve => {
      outgoing.once('error', () => resolve(undefined))
      outgoing.once('response', async incoming => {
        let text = ''
        for await (const chunk of incoming.setEncoding('utf8')) text += chunk
        asked.answered = { status: incoming.statusCode ?? 0, type: incoming.headers['content-type'], text }
        resolve(asked.answered)
      })
    }),
  }
  return asked
}

export async function get(url: string, headers?: Record<string, string>): Promise<GatewayAnswer> {
  const answer = await ask(url, headers).answer
  if (!answer) throw new Error(`no answer from ${url}`)
  return answer
}
