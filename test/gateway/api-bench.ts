/** Gateways on a database of a test's own, in this process, and what a client of theirs does. */
import { randomUUID } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../src/clock.js'
import { gatewayApp } from '../../src/gateway/app.js'
import { Listener } from '../../src/gateway/listen.js'
import { Meter } from '../../src/gateway/meter.js'
import { Participant } from '../../src/primitives/participant.js'
import type { Ending } from '../../src/store/history.js'
import { type Database, database } from '../store/database.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'
import { type Document, documented } from './api-document.js'

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: JSON is what a test says it is
  body: any
}

/** Each of its answers is held against what the gateway's document says. */
export interface Client {
  url: string
  /** The gateway ends. */
  close(): Promise<void>
  get(path: string): Promise<Answer>
  post(path: string, body?: unknown, options?: { key?: string; signal?: AbortSignal }): Promise<Answer>
  delete(path: string): Promise<Answer>
}

export interface TestGateway extends Client {
  /** What it has written into the history. */
  remembered: readonly Ending[]
}

export interface ApiBench {
  database: Database
  dsn: string
  gateway(options?: { leaseMs?: number; maxClockSkewMs?: number }): Promise<TestGateway>
}

/** On each kind of server. */
export function onEach(title: string, body: (t: ExecutionContext, bench: ApiBench) => Promise<void>): void {
  for (const server of sharedServers()) test(`${title} (${server.kind})`, async t => body(t, await apiBench(t, server)))
}

export async function apiBench(t: ExecutionContext, server: SharedServer): Promise<ApiBench> {
  const made = await database(t, server)
  const dsn = await made.account('ALL')
  const gateway = async ({ leaseMs = 60_000, maxClockSkewMs = 30_000 } = {}) => {
    const tables = made.open(dsn, { leaseMs })
    const clock = systemClock
    const participant = new Participant(tables, { clock, leaseMs, graceMs: 0, maxClockSkewMs })
    const closing = new AbortController()
    const remembered: Ending[] = []
    const remember = (ending: Ending) => void remembered.push(ending)
    const app = gatewayApp({
      ...{ participant, tables, clock, token: undefined, insecure: false, pools: () => new Map() },
      ...{ log: { write: () => {} }, meter: new Meter(clock), remember, closing: closing.signal },
    })
    const listener = new Listener(app.fetch, undefined)
    const url = await listener.open({ host: '127.0.0.1', port: 0 })
    const close = async () => {
      closing.abort()
      await listener.close()
      await participant.close()
    }
    t.teardown(close)
    return { ...clientOf(url), remembered, close }
  }
  return { database: made, dsn, gateway }
}

export function clientOf(url: string): Omit<Client, 'close'> {
  let document: Document | undefined
  const ask = async (path: string, init: RequestInit) => {
    document ??= await documentAt(url)
    const response = await fetch(url + path, init)
    const text = await response.text()
    const { status, headers } = response
    const answer = { status, headers, body: text === '' ? undefined : JSON.parse(text) }
    document.check(init.method ?? 'GET', new URL(response.url).pathname, answer)
    return answer
  }
  return {
    url,
    get: path => ask(path, {}),
    post: (path, body, { key, signal } = {}) =>
      ask(path, {
        method: 'POST',
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(key === undefined ? {} : { 'Idempotency-Key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      }),
    delete: path => ask(path, { method: 'DELETE' }),
  }
}

async function documentAt(url: string): Promise<Document> {
  const response = await fetch(`${url}/v1/openapi.json`)
  return documented(await response.json())
}

export const newKey = randomUUID
