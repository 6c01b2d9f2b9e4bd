/** The lock as a pool of gateways, acquired and renewed over HTTP like `sera pool`. */
import { systemClock as clock, systemRandom as random } from '../../../../src/clock.js'
import { acquirePool } from '../../../../src/pool-client/acquire.js'
import { PoolClient } from '../../../../src/pool-client/client.js'
import { HeldPool } from '../../../../src/pool-client/held-pool.js'
import type { HeldByAdapter, LockAdapter } from './lock-adapter.js'

/** Longer than a killed gateway takes to restart. */
const connectWaitMs = 60_000

export function gatewayAdapter(name: string, gateways: readonly string[], index: number, graceMs: number): LockAdapter {
  let next = index
  return {
    async acquire(signal): Promise<HeldByAdapter> {
      const url = new URL(gateways[next++ % gateways.length] ?? '')
      const client = new PoolClient(url, name, 'here', random.id(16), undefined, clock)
      const taking = { random, connectWaitMs }
      const grant = await acquirePool(client, { until: Number.POSITIVE_INFINITY, signal }, taking)
      if (!grant) throw new Error('a wait without a deadline ended without a grant')
      const warn = (message: string) => stop.abort(message)
      const held = new HeldPool(client, grant, { ...taking, lifeline: undefined, free: async () => {}, warn })
      const stop = new AbortController()
      let cancel = () => {}
      const renewed = (until: number) => {
        cancel()
        cancel = clock.after(until - graceMs - clock.boot(), () => stop.abort('its lease has nearly ended'))
      }
      renewed(held.until)
      held.keep({ renewed, broken: reason => stop.abort(reason) })
      const release = async () => {
        cancel()
        await held.release()
      }
      return { token: Number(held.token), signal: stop.signal, release }
    },
    close: async () => {},
  }
}
