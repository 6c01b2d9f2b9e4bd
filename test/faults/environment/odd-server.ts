/** A server with one odd variable at a time, set by SET GLOBAL or, where that does not work, at its start. */
import type { ServerKind } from '../../../src/embedded/binary.js'
import { type Admin, admin } from '../../support/admin.js'
import { startServer, type TestServer } from '../../support/servers.js'
import type { Odd } from './candidates.js'

export class OddServer implements AsyncDisposable {
  private constructor(
    readonly kind: ServerKind,
    readonly plain: TestServer,
    readonly above: Admin,
    /** As at the server's start. */
    readonly variables: ReadonlyMap<string, string>,
  ) {}

  static async start(kind: ServerKind): Promise<OddServer> {
    const server = await startServer({ kind })
    const above = await admin(server)
    return new OddServer(kind, server, above, await above.variables())
  }

  /** Creates new tables each time. @returns undefined when the server does not start with this value */
  async with<T>(odd: Odd, work: (server: TestServer, above: Admin) => Promise<T>): Promise<T | undefined> {
    if (!(await this.#set(odd.name, odd.value))) return await this.#started(odd, work)
    try {
      await emptied(this.above)
      return await work(this.plain, this.above)
    } finally {
      await this.#reset(odd.name)
    }
  }

  /** One variable can set another: super_read_only sets read_only. */
  async #reset(odd: string): Promise<void> {
    const now = await this.above.variables()
    const changed = [...this.variables.keys()].filter(name => now.get(name) !== this.variables.get(name))
    for (const name of new Set([odd, ...changed])) {
      const isBack = await this.#set(name, this.variables.get(name) ?? '')
      if (!isBack && name === odd) await this.above.run(`SET GLOBAL ${name} = DEFAULT`)
    }
  }

  async #started<T>(odd: Odd, work: (server: TestServer, above: Admin) => Promise<T>): Promise<T | undefined> {
    const server = await startServer({ kind: this.kind, args: odd.args }).catch(() => undefined)
    if (!server) return undefined
    await using _ = server
    await using above = await admin(server)
    return await work(server, above)
  }

  /** @returns false when the variable needs a restart of the server */
  async #set(name: string, value: string): Promise<boolean> {
    if (!this.variables.has(name)) return false
    const literal = /^-?\d+(\.\d+)?$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`
    return await this.above.run(`SET GLOBAL ${name} = ${literal}`).then(
      () => true,
      () => false,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.above[Symbol.asyncDispose]()
    await this.plain.stop()
  }
}

/** Empties the database; a read-only server keeps it. */
async function emptied(above: Admin): Promise<void> {
  await above.run('DROP DATABASE IF EXISTS sera; CREATE DATABASE sera').catch(() => {})
}
