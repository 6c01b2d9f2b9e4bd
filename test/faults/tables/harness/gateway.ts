/** Gateways between the clients and the tables; whichever is killed is started again at its address, as a service manager would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from '../../../support/servers.js'

const DIES_WITH_THE_TEST = ['--pdeathsig', 'KILL', '--']

export interface GatewayOptions {
  /** Of this gateway's own. */
  folder: string
  /** The pool that it has, and the time of whoever holds it. */
  pool: string
  expireMs: number
  /** Of those who wait. */
  leaseMs: number
  /** DSNs of the members. */
  servers: readonly string[]
  /** A command that starts it, such as `ip netns exec blue`. */
  prefix: readonly string[]
}

export class GatewayProcess {
  #process: ChildProcess

  private constructor(
    readonly port: number,
    readonly words: readonly string[],
  ) {
    this.#process = this.#start()
  }

  static async open({ folder, pool, expireMs, leaseMs, servers, prefix }: GatewayOptions): Promise<GatewayProcess> {
    const port = await freePort()
    const [pools, config] = ['pools.yaml', 'sera.json'].map(name => join(folder, name)) as [string, string]
    writeFileSync(pools, `pools: [{ name: ${pool}, expire: ${expireMs / 1000} }]\n`)
    writeFileSync(config, JSON.stringify({ servers, lease: `${leaseMs}ms`, allowMultiPrimary: true }), { mode: 0o600 })
    const serve = ['serve', '--config', config, '--pools', pools, '--listen', `127.0.0.1:${port}`]
    return new GatewayProcess(port, [...prefix, resolve('bin/sera'), ...serve])
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** SIGKILL, and the same again. */
  async replace(): Promise<void> {
    this.signal('SIGKILL')
    await once(this.#process, 'exit')
    this.#process = this.#start()
  }

  #start(): ChildProcess {
    return spawn('setpriv', [...DIES_WITH_THE_TEST, ...this.words], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env.PATH },
    })
  }
}
