/**
 * Checks that no two clients hold the lock at once, without using the lock. Clients report over a unix socket (which
 * works across network namespaces) when they get the lock and before they release it, and wait for the answer. When a
 * client dies, its socket closes, which ends its hold.
 *
 * One line a message. To the checker: `grant TOKEN`, `end`, `read`, `write TOKEN VALUE`, each answered by a line; and
 * `note WORD…`, which has no answer. From the checker, at any time: `stay` (hold the lock until `go`), `go`, `stop`.
 */
import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Ledger } from './ledger.js'

export class Checker implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly #clients = new Map<string, Socket>()
  /** Clients that are stopped: a violation in their reports is expected. */
  readonly #stopped = new Set<string>()

  private constructor(
    readonly path: string,
    readonly server: Server,
  ) {}

  static async start(path: string): Promise<Checker> {
    const server = createServer()
    const checker = new Checker(path, server)
    server.on('connection', socket => checker.#accept(socket))
    server.listen(path)
    await once(server, 'listening')
    return checker
  }

  get connected(): number {
    return this.#clients.size
  }

  /** Call it before the clients whose names begin with `prefix` are stopped for longer than their lease. */
  expectViolation(prefix: string): void {
    for (const who of this.#named(prefix)) {
      this.#stopped.add(who)
      this.ledger.expectViolation(who)
    }
  }

  /** Call it before they continue: no violation is expected of their later grants. */
  expectNone(prefix: string): void {
    for (const who of this.#named(prefix)) this.#stopped.delete(who)
  }

  /** Sends to all clients whose names begin with `prefix`. */
  send(word: 'stay' | 'go' | 'stop', prefix = ''): void {
    for (const who of this.#named(prefix)) this.#clients.get(who)?.write(`${word}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#clients.values()) socket.destroy()
    this.server.close()
  }

  #named(prefix: string): string[] {
    return [...this.#clients.keys()].filter(who => who.startsWith(prefix))
  }

  #accept(socket: Socket): void {
    let who = ''
    socket.on('close', () => {
      this.#clients.delete(who)
      this.ledger.end(who)
    })
    onLines(socket, line => {
      const [verb, ...words] = line.split(' ')
      if (verb === 'hello') {
        who = words[0] ?? ''
        this.#clients.set(who, socket)
      } else if (verb === 'note') this.ledger.note(words.join(' '))
      else socket.write(`${this.#answer(who, verb, words.map(Number))}\n`)
    })
  }

  #answer(who: string, verb: string | undefined, [token = 0, value = 0]: number[]): string | number {
    const { ledger } = this
    if (verb === 'read') return ledger.value
    if (verb === 'write') return ledger.write(who, token, value) ? 'ok' : 'refused'
    if (verb === 'grant') ledger.grant(who, token, this.#stopped.has(who))
    if (verb === 'end') ledger.end(who)
    return 'ok'
  }
}

function onLines(socket: Socket, each: (line: string) => void): void {
  const lines = createInterface(socket).on('line', each)
  // the event 'close' follows
  for (const emitter of [socket, lines]) emitter.on('error', () => {})
}

/** The client's side. */
export class CheckerClient {
  readonly #waiting: ((answer: string) => void)[] = []
  readonly #stop = new AbortController()
  /** Whether to hold the lock until `go`. */
  staying = false

  private constructor(readonly socket: Socket) {
    onLines(socket, line => this.#receive(line))
    // a client without its checker exits
    socket.on('close', () => process.exit(0))
  }

  static async connect(path: string, who: string): Promise<CheckerClient> {
    const socket = createConnection(path)
    await once(socket, 'connect')
    socket.write(`hello ${who}\n`)
    return new CheckerClient(socket)
  }

  /** Aborts when the test is over. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  grant(token: number): Promise<string> {
    return this.#ask(`grant ${token}`)
  }

  end(): Promise<string> {
    return this.#ask('end')
  }

  async read(): Promise<number> {
    return Number(await this.#ask('read'))
  }

  write(token: number, value: number): Promise<string> {
    return this.#ask(`write ${token} ${value}`)
  }

  note(word: string): void {
    this.socket.write(`note ${word}\n`)
  }

  #receive(line: string): void {
    if (line === 'stop') this.#stop.abort()
    if (line === 'stay' || line === 'go' || line === 'stop') this.staying = line === 'stay'
    else this.#waiting.shift()?.(line)
  }

  #ask(message: string): Promise<string> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.socket.write(`${message}\n`)
    })
  }
}
