/** A proxy between sera and its server, which fails as networks and hosts do: once, or for as long as a test wants. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What happens to a statement: it passes; it never arrives; it arrives, but its answer does not; or it arrives after the client
 * was told that the connection is gone.
 */
export type AnswerFate = 'pass' | 'lost' | 'unanswered' | 'late'

const LATE_MS = 300

export async function startFaultyProxy(serverPort: number): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(serverPort)
  await once(proxy.listener, 'listening')
  return proxy
}

export class FaultyProxy implements AsyncDisposable {
  /** Asked for each packet of a client, by its text. */
  fate: (statement: string) => AnswerFate = () => 'pass'
  /** Each packet takes this long, in each direction, ms. */
  delayMs = 0
  /** Bytes vanish in both directions, on new connections too, and neither side learns of it. What vanished stays lost. */
  dark = false
  /** What the client sends vanishes; what the server still sends arrives. */
  muted = false
  /** The commands of each connection so far, as the protocol numbers them (3 is a query, 1 is quit). */
  readonly commands: number[][] = []
  readonly listener: Server
  readonly #links = new Set<FaultyLink>()

  constructor(private serverPort: number) {
    this.listener = createServer({ allowHalfOpen: true }, client => this.#connect(client)).listen(0, '127.0.0.1')
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port
  }

  /** For account `sera`, through this proxy. */
  get dsn(): string {
    return `sera:secret@tcp(127.0.0.1:${this.port})/sera`
  }

  /** Resets both sides of every connection. */
  cut(): void {
    for (const link of this.#links) link.cut()
  }

  /** Resets the clients. The server hears nothing and keeps its side open; new connections pass. */
  resetClients(): void {
    for (const link of this.#links) link.reset(link.client)
  }

  /** Resets the server's side; the clients hear nothing. */
  resetServers(): void {
    for (const link of this.#links) link.reset(link.server)
  }

  /** Makes existing connections half-open: what either side sends vanishes. New ones pass. */
  halve(): void {
    for (const link of this.#links) link.deaf = true
  }

  /** Leads new connections to another server, as when a virtual address moves. */
  move(serverPort: number): void {
    this.serverPort = serverPort
  }

  /** Ends every fault; what got lost stays lost. */
  mend(): void {
    Object.assign(this, { fate: () => 'pass', delayMs: 0, dark: false, muted: false })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links) link.destroy()
    this.listener.close()
    await once(this.listener, 'close')
  }

  #connect(client: Socket): void {
    const server = connect({ port: this.serverPort, host: '127.0.0.1', allowHalfOpen: true })
    const link = new FaultyLink(client, server, this)
    this.#links.add(link)
    this.commands.push(link.commands)
    for (const side of [client, server])
      side.once('close', () => client.closed && server.closed && this.#links.delete(link))
  }
}

/** One connection through the proxy. Once one side was reset, the other hears nothing more. */
class FaultyLink {
  readonly commands: number[] = []
  deaf = false
  /** One side was reset by the proxy. */
  #reset = false
  /** The client was told that the connection is gone; the server still works on what it was sent. */
  #parted = false
  #unread = Buffer.alloc(0)

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    readonly proxy: FaultyProxy,
  ) {
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('data', chunk => this.#listen(chunk))
    this.#carry(client, server, chunk => this.#fromClient(chunk))
    this.#carry(server, client, chunk => client.write(chunk))
    server.on('data', () => this.#parted && this.cut())
  }

  reset(side: Socket): void {
    this.#reset = true
    side.resetAndDestroy()
  }

  cut(): void {
    this.reset(this.client)
    this.reset(this.server)
  }

  /** At once: a reset first waits until the peer has read what was sent. */
  destroy(): void {
    this.#reset = true
    this.client.destroy()
    this.server.destroy()
  }

  #carry(from: Socket, to: Socket, send: (chunk: Buffer) => void): void {
    const pass = (what: () => void) => {
      const vanishes = () => this.deaf || this.proxy.dark || (this.proxy.muted && from === this.client)
      const unlessLost = () => this.#reset || vanishes() || to.destroyed || what()
      if (this.proxy.delayMs > 0) setTimeout(unlessLost, this.proxy.delayMs)
      else unlessLost()
    }
    from.on('data', chunk => pass(() => send(chunk)))
    from.on('end', () => pass(() => to.end()))
    from.on('error', () => pass(() => to.resetAndDestroy()))
  }

  #fromClient(chunk: Buffer): void {
    const fate = this.proxy.fate(statementIn(chunk))
    if (fate === 'pass') this.server.write(chunk)
    else if (fate === 'lost') this.cut()
    else this.#part(chunk, fate === 'late' ? LATE_MS : 0)
  }

  #part(chunk: Buffer, ms: number): void {
    this.#parted = true
    this.reset(this.client)
    setTimeout(() => this.server.write(chunk), ms)
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
}

/** Behind the packet's length, number and command; MySQL's clients send a count of attributes before it, MariaDB's don't. */
function statementIn(chunk: Buffer): string {
  return chunk.toString('latin1', 5, 200).replace(/^\p{Cc}+/u, '')
}
