/**
 * A wire between clients and their server that goes on being used after it was cut: connections are made anew, some statements
 * get lost on the way and some answers. (`support/proxy.ts` is for one connection that is cut once.)
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * What becomes of a statement: it passes; it never arrives; it arrives but its answer does not; or it arrives when
 * the client has long been told that the connection is gone.
 */
export type AnswerFate = 'pass' | 'lost' | 'unanswered' | 'late'

export interface FaultyProxy extends AsyncDisposable {
  port: number
  /** Asked for each packet of a client, by its text. */
  fate: (statement: string) => AnswerFate
  /** What is said takes this long each way, ms. */
  delayMs: number
  /** Bytes vanish both ways and nobody is told, new connections' too. What vanished stays lost. */
  dark: boolean
  /** Clients and server are told that their connections are gone. */
  cut(): void
  /** All is well again; what got lost stays lost. */
  mend(): void
  /** Existing connections become half-open: what either side says vanishes. New ones work. */
  halve(): void
}

const LATE_MS = 300

export async function startFaultyProxy(serverPort: number): Promise<FaultyProxy> {
  const links = new Set<FaultyLink>()
  const server = createServer(client => {
    const link = new FaultyLink(client, connect({ port: serverPort, host: '127.0.0.1' }), proxy)
    links.add(link)
    link.server.once('close', () => links.delete(link))
  }).listen(0, '127.0.0.1')
  const proxy: FaultyProxy = {
    port: 0,
    fate: () => 'pass',
    delayMs: 0,
    dark: false,
    cut() {
      for (const link of links) link.cut()
    },
    mend() {
      Object.assign(proxy, { fate: () => 'pass', delayMs: 0, dark: false })
    },
    halve() {
      for (const link of links) link.deaf = true
    },
    async [Symbol.asyncDispose]() {
      for (const link of links) link.cut()
      server.close()
    },
  }
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the wire has no port')
  proxy.port = address.port
  return proxy
}

class FaultyLink {
  deaf = false
  /** The client has been told that the connection is gone; the server still works at what it was sent. */
  #parted = false

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    readonly proxy: FaultyProxy,
  ) {
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('data', chunk => this.#passed(() => this.#fromClient(chunk)))
    server.on('data', chunk => (this.#parted ? this.cut() : this.#passed(() => client.write(chunk))))
    for (const side of [client, server]) {
      side.on('error', () => {})
      side.on('close', () => this.#parted || this.deaf || proxy.dark || this.#passed(() => this.cut()))
    }
  }

  cut(): void {
    this.client.resetAndDestroy()
    this.server.resetAndDestroy()
  }

  #passed(what: () => void): void {
    const unlessLost = () => this.deaf || this.proxy.dark || what()
    if (this.proxy.delayMs > 0) setTimeout(unlessLost, this.proxy.delayMs)
    else unlessLost()
  }

  #fromClient(chunk: Buffer): void {
    if (this.#parted) return
    const fate = this.proxy.fate(statementIn(chunk))
    if (fate === 'pass') this.server.write(chunk)
    else if (fate === 'lost') this.cut()
    else this.#part(chunk, fate === 'late' ? LATE_MS : 0)
  }

  #part(chunk: Buffer, ms: number): void {
    this.#parted = true
    this.client.resetAndDestroy()
    setTimeout(() => this.server.write(chunk), ms)
  }
}

/** Behind the packet's length, number and command; MySQL's clients send a count of attributes before it, MariaDB's don't. */
function statementIn(chunk: Buffer): string {
  return chunk.toString('latin1', 5, 200).replace(/^\p{Cc}+/u, '')
}
