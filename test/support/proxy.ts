/** A wire between sera and its server that can be cut in the ways real ones are. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy extends AsyncDisposable {
  port: number
  /** Bytes vanish both ways and nobody is told, as when a firewall forgets a connection. New connections hang too. */
  blackhole(): void
  /** The client is reset; the server hears nothing and keeps its side open. New connections go through. */
  resetClients(): void
  /** The server is reset; the client hears nothing. */
  resetServers(): void
  /** What is said takes this long each way from now on, ms. */
  delay(ms: number): void
}

export async function startProxy(serverPort: number): Promise<Proxy> {
  const links = new Set<Link>()
  const wire = { dropping: false, delayMs: 0 }
  const server = createServer({ allowHalfOpen: true }, client => {
    const link = new Link(client, connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true }), wire)
    links.add(link)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    blackhole() {
      wire.dropping = true
    },
    resetClients: () => links.forEach(link => link.reset(link.client)),
    resetServers: () => links.forEach(link => link.reset(link.server)),
    delay(ms) {
      wire.delayMs = ms
    },
    async [Symbol.asyncDispose]() {
      for (const link of links) link.close()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Wire {
  dropping: boolean
  delayMs: number
}

/** One connection through the proxy. Once one side was reset, the other hears nothing more. */
class Link {
  #cut = false

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    readonly wire: Wire,
  ) {
    this.#carry(client, server)
    this.#carry(server, client)
  }

  #carry(from: Socket, to: Socket): void {
    const pass = (what: () => void) => {
      const unlessCut = () => this.#cut || this.wire.dropping || to.destroyed || what()
      if (this.wire.delayMs > 0) setTimeout(unlessCut, this.wire.delayMs)
      else unlessCut()
    }
    from.on('data', chunk => pass(() => to.write(chunk)))
    from.on('end', () => pass(() => to.end()))
    from.on('error', () => pass(() => to.resetAndDestroy()))
  }

  reset(side: Socket): void {
    this.#cut = true
    side.resetAndDestroy()
  }

  close(): void {
    this.#cut = true
    this.client.destroy()
    this.server.destroy()
  }
}
