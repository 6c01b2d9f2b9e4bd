/** A gateway between the clients and the tables. After a kill it restarts at the same address, as a service would. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from '../../../support/servers.js'
import { RestartableProcess } from './restartable-process.js'

export interface GatewayOptions {
  /** Private folder of this gateway. */
  folder: string
  /** The one pool of this gateway, and its expiry. */
  pool: string
  expireMs: number
  /** Lease of the claims of waiting clients. */
  leaseMs: number
  /** DSNs of the members. */
  servers: readonly string[]
  /** A command that starts it, such as `ip netns exec blue`. */
  prefix: readonly string[]
}

export class GatewayProcess extends RestartableProcess {
  private constructor(
    readonly url: string,
    words: readonly string[],
  ) {
    super(words)
  }

  static async open({ folder, pool, expireMs, leaseMs, servers, prefix }: GatewayOptions): Promise<GatewayProcess> {
    const address = `127.0.0.1:${await freePort()}`
    const [pools, config] = ['pools.yaml', 'sera.json'].map(name => join(folder, name)) as [string, string]
    writeFileSync(pools, `pools: [{ name: ${pool}, expire: ${expireMs / 1000} }]\n`)
    writeFileSync(config, JSON.stringify({ servers, lease: `${leaseMs}ms`, allowMultiPrimary: true }), { mode: 0o600 })
    const serve = ['serve', '--config', config, '--pools', pools, '--listen', address]
    return new GatewayProcess(`http://${address}`, [...prefix, resolve('bin/sera'), ...serve])
  }
}
