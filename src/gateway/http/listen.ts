/** Where the gateway listens, and the limits of a client before its request is complete. */
import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Clock } from '../../clock.js'
import { SeraError } from '../../errors.js'

export interface ListenAddress {
  /** Undefined: all addresses. */
  host: string | undefined
  port: number
}

export interface Tls {
  cert: string
  key: string
}

export const DEFAULT_LISTEN = '127.0.0.1:9989'

/**
 * The limits for sending a request. A client that is slower gets 408 and is disconnected. The answer has no time limit.
 */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 60_000,
  // the kernel detects a client whose host vanished; on Node only, Bun has no such option
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
}

/** Connections not yet accepted: thousands may arrive at once. The kernel's own limit is somaxconn. */
const BACKLOG = 4096

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use',
  EADDRNOTAVAIL: 'this host does not have that address',
  EACCES: 'only root may use a port below 1024',
  EAFNOSUPPORT: 'this host has no IPv6',
  ENOTFOUND: 'no such host',
}

/**
 * All addresses, of IPv4 too. Without an address both runtimes detect IPv6 by themselves, but Bun falls back to IPv4 alone when
 * the port is taken on IPv6.
 */
const ALL = '::'
/** For a host without IPv6, or a process that may not use it (RestrictAddressFamilies= of systemd). */
const ALL_OF_IPV4 = '0.0.0.0'

/** How long running requests may take to finish when the gateway shuts down. */
const SHUTDOWN_MS = 2000

/** `127.0.0.1:9989`, `[::1]:9989`, `localhost:9989`, `:9989`. @throws SeraError usage */
export function listenAddressOf(text: string): ListenAddress {
  const { v6, host = v6, port } = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port !== undefined && Number(port) < 65_536) return { host: host || undefined, port: Number(port) }
  throw new SeraError(
    'usage',
    `--listen ${JSON.stringify(text)}: expected ADDRESS:PORT, such as 127.0.0.1:9989 or [::1]:9989`,
  )
}

/** Whether only this host can reach the address. */
export function isLoopback({ host = '' }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
}

export class GatewayListener {
  readonly #servers: Server[] = []

  constructor(
    /** From request to response. */
    readonly fetch: Parameters<typeof getRequestListener>[0],
    readonly tls: Tls | undefined,
    readonly clock: Clock,
  ) {}

  /** @returns the gateway's URL @throws SeraError lock-failed, if the address is not available now */
  async open({ host, port }: ListenAddress): Promise<string> {
    const answer = getRequestListener(this.fetch)
    const server = this.tls ? createTlsServer({ ...LIMITS, ...this.tls }, answer) : createServer(LIMITS, answer)
    try {
      await listen(server, host ?? ALL, port).catch(async error => {
        if (host !== undefined || error.code !== 'EAFNOSUPPORT') throw error
        await listen(server, ALL_OF_IPV4, port)
      })
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      const reason = REASONS[code ?? ''] ?? message
      throw new SeraError('lock-failed', `cannot listen on ${host ?? ''}:${port}: ${reason}`, { cause })
    }
    this.#servers.push(server)
    const at = server.address() as AddressInfo
    return `${this.tls ? 'https' : 'http'}://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`
  }

  /** Accepts no more connections, waits for running requests, then closes the remaining connections. */
  async close(): Promise<void> {
    const closed = this.#servers.map(server => once(server.close(), 'close'))
    for (const server of this.#servers) server.closeIdleConnections()
    const cancel = this.clock.after(SHUTDOWN_MS, () => {
      for (const server of this.#servers) server.closeAllConnections()
    })
    await Promise.all(closed)
    cancel()
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ port, host, backlog: BACKLOG })
  await once(server, 'listening')
}
