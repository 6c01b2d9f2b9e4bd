/**
 * A referee for "never two at once", who sits beside the lock and knows nothing of it: holders tell it over a unix socket (which
 * reaches into network namespaces) when they begin and when they end, and wait for its nod. Whoever dies ends with his socket.
 *
 * One line a message. To the referee: `grant TOKEN`, `end`, `read`, `write TOKEN VALUE`, each answered by a line; and
 * `note WORD…`, which is not. From it at any time: `stay` (hold on until `go`), `go`, `stop`.
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Ledger } from './verdict.js'

export class Checker implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly #present = new Map<string, Socket>()
  /** Whoever is stopped now: what they say was said before, or will be excused. */
  readonly #stopped = new Set<string>()

  private constructor(
    readonly path: string,
    readonly server: Server,
  ) {}

  static async sit(path: string): Promise<Checker> {
    const server = createServer()
    const checker = new Checker(path, server)
    server.on('connection', socket => checker.#greet(socket))
    server.listen(path)
    await once(server, 'listening')
    return checker
  }

  get present(): number {
    return this.#present.size
  }

  /** Whose names begin so are about to be stopped beyond their lease. */
  expectViolation(prefix: string): void {
    for (const who of this.#named(prefix)) {
      this.#stopped.add(who)
      this.ledger.expectViolation(who)
    }
  }

  /** They are about to go on; what is granted from now on counts. */
  expect(prefix: string): void {
    for (const who of this.#named(prefix)) this.#stopped.delete(who)
  }

  /** To all whose names begin so. */
  tell(word: 'stay' | 'go' | 'stop', prefix = ''): void {
    for (const who of this.#named(prefix)) this.#present.get(who)?.write(`${word}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#present.values()) socket.destroy()
    this.server.close()
  }

  #named(prefix: string): string[] {
    return [...this.#present.keys()].filter(who => who.startsWith(prefix))
  }

  #greet(socket: Socket): void {
    let who = ''
    socket.on('close', () => {
      this.#present.delete(who)
      this.ledger.end(who)
    })
    hear(socket, line => {
      const [verb, ...words] = line.split(' ')
      if (verb === 'hello') {
        who = words[0] ?? ''
        this.#present.set(who, socket)
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

function hear(socket: Socket, each: (line: string) => void): void {
  const lines = createInterface(socket).on('line', each)
  // what follows is 'close'
  for (const emitter of [socket, lines]) emitter.on('error', () => {})
}

/** A client's side. */
export class CheckerClient {
  readonly #waiting: ((answer: string) => void)[] = []
  readonly #stop = new AbortController()
  /** Whoever holds is to go on doing so. */
  staying = false

  private constructor(readonly socket: Socket) {
    hear(socket, line => this.#hear(line))
    // a client without a referee is of no use
    socket.on('close', () => process.exit(0))
  }

  static async pickUp(path: string, who: string): Promise<CheckerClient> {
    const socket = connect(path)
    await once(socket, 'connect')
    socket.write(`hello ${who}\n`)
    return new CheckerClient(socket)
  }

  /** Aborts when the game is over. */
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

  #hear(line: string): void {
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
