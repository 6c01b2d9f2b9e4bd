/** Where the gateway listens, and what a client may cost it before its request is understood. */
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
 * A client has this long to say what it wants; then it is answered 408 and its connection closed. What it waits for may take as
 * long as it likes.
 */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 60_000,
  // who vanishes with its host never hangs up: the kernel looks for it (on Node; Bun can't tell it to)
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
}

/** Connections that have not been accepted yet: thousands may come at one moment. The kernel has a limit of its own (somaxconn). */
const BACKLOG = 4096

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody listens there already',
  EADDRNOTAVAIL: 'this host does not have that address',
  EACCES: 'a port below 1024 is for root only',
  EAFNOSUPPORT: 'IPv6 is off here',
  ENOTFOUND: 'there is no such host',
}

/**
 * Those of IPv4, too. Given no address, both runtimes would see by themselves whether there is IPv6; but Bun would listen on IPv4
 * alone, too, where somebody has the port at IPv6.
 */
const ALL = '::'
/** Where IPv6 is off, or kept from this process (systemd's RestrictAddressFamilies=). */
const ALL_OF_IPV4 = '0.0.0.0'

/** How long answers under way may take when the gateway ends. */
const FAREWELL_MS = 2000

/** `127.0.0.1:9989`, `[::1]:9989`, `localhost:9989`, `:9989`. @throws SeraError usage */
export function listenAddressOf(text: string): ListenAddress {
  const { v6, host = v6, port } = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port !== undefined && Number(port) < 65_536) return { host: host || undefined, port: Number(port) }
  throw new SeraError(
    'usage',
    `--listen ${JSON.stringify(text)}: expected address:port, as 127.0.0.1:9989 or [::1]:9989`,
  )
}

/** Only this host reaches it. */
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

  /** @returns the URL to reach it by @throws SeraError lock-failed, when the address can't be had: it may be later */
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

  /** Takes no more connections, waits for the answers under way, and closes what is left. */
  async close(): Promise<void> {
    const closed = this.#servers.map(server => once(server.close(), 'close'))
    for (const server of this.#servers) server.closeIdleConnections()
    const cancel = this.clock.after(FAREWELL_MS, () => {
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
