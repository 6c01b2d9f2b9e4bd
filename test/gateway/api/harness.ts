/** Gateways in this process, on a database of the test's own, and a client for them. */
import { randomUUID } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { Session } from '../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { gatewayApp } from '../../../src/gateway/app.js'
import { GatewayListener } from '../../../src/gateway/http/listen.js'
import { GatewayMetrics } from '../../../src/gateway/metrics/metrics.js'
import type { NewHistoryEntry } from '../../../src/store/tables/history.js'
import { type Database, database } from '../../store/database.js'
import { type SharedServer, sharedServers } from '../../support/servers.js'
import { test } from '../../support/turns.js'
import { type Document, documented } from './document.js'

export interface ApiAnswer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: the test knows the type
  body: any
}

/** A client that checks each answer against the gateway's document. */
export interface ApiClient {
  url: string
  /** Shuts the gateway down. */
  close(): Promise<void>
  get(path: string): Promise<ApiAnswer>
  post(path: string, body?: unknown, options?: { key?: string; signal?: AbortSignal }): Promise<ApiAnswer>
  delete(path: string): Promise<ApiAnswer>
}

export interface ApiGateway extends ApiClient {
  /** The entries it has written to the history. */
  remembered: readonly NewHistoryEntry[]
}

export interface ApiHarness {
  database: Database
  dsn: string
  gateway(options?: { leaseMs?: number; maxClockSkewMs?: number }): Promise<ApiGateway>
}

/** On each kind of server. */
export function onEach(title: string, body: (t: ExecutionContext, bench: ApiHarness) => Promise<void>): void {
  for (const server of sharedServers()) test(`${title} (${server.kind})`, async t => body(t, await apiBench(t, server)))
}

export async function apiBench(t: ExecutionContext, server: SharedServer): Promise<ApiHarness> {
  const made = await database(t, server)
  const dsn = await made.account('ALL')
  const gateway = async ({ leaseMs = 60_000, maxClockSkewMs = 30_000 } = {}) => {
    const tables = made.open(dsn, { leaseMs })
    const [clock, random] = [systemClock, systemRandom]
    const session = new Session(tables, { clock, random, leaseMs, graceMs: 0, maxClockSkewMs })
    const closing = new AbortController()
    const remembered: NewHistoryEntry[] = []
    const remember = (ending: NewHistoryEntry) => void remembered.push(ending)
    const app = gatewayApp({
      ...{ session, tables, clock, random, token: undefined, insecure: false, pools: () => new Map() },
      ...{ log: { write: () => {} }, metrics: new GatewayMetrics(clock), remember, closing: closing.signal },
    })
    const listener = new GatewayListener(app.fetch, undefined, clock)
    const url = await listener.open({ host: '127.0.0.1', port: 0 })
    const close = async () => {
      closing.abort()
      await listener.close()
      await session.close()
    }
    t.teardown(close)
    return { ...clientOf(url), remembered, close }
  }
  return { database: made, dsn, gateway }
}

export function clientOf(url: string): Omit<ApiClient, 'close'> {
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
