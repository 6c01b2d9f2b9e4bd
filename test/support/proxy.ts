/** A wire between sera and its server that can be cut in the ways real ones are. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy extends AsyncDisposable {
  port: number
  /** Bytes vanish both ways and nobody is told, as when a firewall forgets a connection. New connections hang too. */
  blackhole(): void
  /** What the client says vanishes from now on; what the server has still to say arrives. */
  muteClients(): void
  /** The client is reset; the server hears nothing and keeps its side open. New connections go through. */
  resetClients(): void
  /** The server is reset; the client hears nothing. */
  resetServers(): void
  /** New connections lead to another server, as when a virtual address moves. */
  move(port: number): void
  /** What is said takes this long each way from now on, ms. */
  delay(ms: number): void
  /** The commands of each connection so far, as the protocol numbers them (3 is a query, 1 is quit). */
  commands(): number[][]
}

export async function startProxy(serverPort: number): Promise<Proxy> {
  const links = new Set<ProxyLink>()
  const wire = { dropping: false, muted: false, delayMs: 0 }
  let port = serverPort
  const server = createServer({ allowHalfOpen: true }, client => {
    const link = new ProxyLink(client, connect({ port, host: '127.0.0.1', allowHalfOpen: true }), wire)
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
    muteClients() {
      wire.muted = true
    },
    resetClients() {
      for (const link of links) link.reset(link.client)
    },
    resetServers() {
      for (const link of links) link.reset(link.server)
    },
    delay(ms) {
      wire.delayMs = ms
    },
    move(to) {
      port = to
    },
    commands: () => [...links].map(link => link.commands),
    async [Symbol.asyncDispose]() {
      for (const link of links) link.close()
      server.close()
      await once(server, 'close')
    },
  }
}

interface ProxyWire {
  dropping: boolean
  muted: boolean
  delayMs: number
}

/** One connection through the proxy. Once one side was reset, the other hears nothing more. */
class ProxyLink {
  readonly commands: number[] = []
  #cut = false
  #unread = Buffer.alloc(0)

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    readonly wire: ProxyWire,
  ) {
    client.on('data', chunk => this.#listen(chunk))
    this.#carry(client, server)
    this.#carry(server, client)
  }

  #carry(from: Socket, to: Socket): void {
    const pass = (what: () => void) => {
      const lost = () => this.wire.dropping || (this.wire.muted && from === this.client)
      const unlessCut = () => this.#cut || lost() || to.destroyed || what()
      if (this.wire.delayMs > 0) setTimeout(unlessCut, this.wire.delayMs)
      else unlessCut()
    }
    from.on('data', chunk => pass(() => to.write(chunk)))
    from.on('end', () => pass(() => to.end()))
    from.on('error', () => pass(() => to.resetAndDestroy()))
  }

  /** A packet is three bytes of length, one of sequence, and its body; a command begins a new sequence. */
  #listen(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk])
    while (this.#unread.length > 4) {
      const end = 4 + this.#unread.readUIntLE(0, 3)
      if (this.#unread.length < end) return
      if (this.#unread[3] === 0) this.commands.push(this.#unread[4] ?? 0)
      this.#unread = this.#unread.subarray(end)
    }
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
