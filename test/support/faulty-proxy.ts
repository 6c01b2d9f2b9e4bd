/** A proxy between sera and its server that fails like networks and hosts: once, or for as long as a test wants. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * The fate of a statement: it passes; it never arrives; it arrives but its answer is lost; or it arrives after the
 * client saw the connection break.
 */
export type AnswerFate = 'pass' | 'lost' | 'unanswered' | 'late'

const LATE_MS = 300

export async function startFaultyProxy(serverPort: number): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(serverPort)
  await once(proxy.listener, 'listening')
  return proxy
}

export class FaultyProxy implements AsyncDisposable {
  /** Called for each packet of a client, with its text. */
  fate: (statement: string) => AnswerFate = () => 'pass'
  /** Delay of each packet, in each direction, ms. */
  delayMs = 0
  /** Drops all bytes in both directions, also on new connections, and neither side notices. Dropped bytes stay lost. */
  dark = false
  /** Drops what clients send, but passes on what the server sends. */
  muted = false
  /** The commands of each connection so far, as protocol numbers (3 is a query, 1 is quit). */
  readonly commands: number[][] = []
  readonly listener: Server
  readonly #links = new Set<FaultyLink>()

  constructor(private serverPort: number) {
    this.listener = createServer({ allowHalfOpen: true }, client => this.#connect(client)).listen(0, '127.0.0.1')
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port
  }

  /** A DSN of account `sera` through this proxy. */
  get dsn(): string {
    return `sera:secret@tcp(127.0.0.1:${this.port})/sera`
  }

  /** Resets both sides of every connection. */
  cut(): void {
    for (const link of this.#links) link.cut()
  }

  /** Resets the clients. The server does not notice and keeps its side open; new connections pass. */
  resetClients(): void {
    for (const link of this.#links) link.reset(link.client)
  }

  /** Resets the server's side; the clients do not notice. */
  resetServers(): void {
    for (const link of this.#links) link.reset(link.server)
  }

  /** Makes existing connections half-open: drops what either side sends. New connections pass. */
  halve(): void {
    for (const link of this.#links) link.deaf = true
  }

  /** Sends new connections to another server, as when a virtual address moves. */
  move(serverPort: number): void {
    this.serverPort = serverPort
  }

  /** Ends every fault; lost bytes stay lost. */
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

/** One connection through the proxy. After a reset of one side the other side receives nothing more. */
class FaultyLink {
  readonly commands: number[] = []
  deaf = false
  /** The proxy has reset one side. */
  #reset = false
  /** The client saw the connection break; the server still processes what it received. */
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

  /** Closes at once: a reset first waits until the peer has read what was sent. */
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

  /** A packet has three bytes of length, one of sequence, and its body; a command starts a new sequence. */
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

/** Follows the packet's length, number and command; MySQL's clients put a count of attributes before it, MariaDB's do not. */
function statementIn(chunk: Buffer): string {
  return chunk.toString('latin1', 5, 200).replace(/^\p{Cc}+/u, '')
}
