/** Faults of a cluster. The caller heals the cluster afterwards. */
import { setTimeout as sleep } from 'node:timers/promises'
import { any } from '../faults/tables/faults.js'
import type { GatewayProcess } from '../faults/tables/harness/gateway.js'
import type { ClientProcess, Harness } from '../faults/tables/harness/harness.js'
import type { Lab } from './lab.js'

export interface Stage {
  lab: Lab
  harness: Harness
  processes: ClientProcess[]
  /** Gateways between the clients and the members; there may be none. */
  gateways: GatewayProcess[]
  /** Clients of which number i uses only member i + 1. */
  pinned: ClientProcess | undefined
  /** The member with the fault. */
  node: number
}

export interface Trouble {
  name: string
  ofGateways?: boolean
  make(stage: Stage): Promise<void>
}

/** Time for the others to continue without that member: clusters detect a loss slowly. */
const WITHOUT_IT_MS = 120_000

async function goesOn({ harness, lab }: Stage): Promise<void> {
  try {
    await harness.more(20, WITHOUT_IT_MS)
  } catch {
    console.log(`  no client goes on:\n${await lab.run('status')}`)
  }
}

/** Makes the client that depends on that member hold the lock during the fault: it has to stop in time. */
async function withItsHolder({ harness, pinned, node }: Stage, trouble: () => Promise<void>): Promise<void> {
  if (pinned) await harness.detain(pinned, node - 1)
  await trouble()
  if (pinned) harness.letGo(pinned)
}

export const TROUBLES: readonly Trouble[] = [
  {
    name: 'partition: a member is cut off from the others, and its clients still reach it',
    async make(stage) {
      const { lab, node } = stage
      await withItsHolder(stage, async () => {
        await lab.run('partition', node)
        await goesOn(stage)
      })
    },
  },
  {
    name: 'blip: a member is cut off for a second',
    async make({ lab, node }) {
      await lab.run('partition', node)
      await sleep(1000)
    },
  },
  {
    name: 'quorum loss: no member sees another, for longer than a lease',
    async make({ lab, harness }) {
      await Promise.all([1, 2, 3].map(each => lab.run('partition', each)))
      await sleep(harness.leaseMs + 3000)
    },
  },
  {
    name: 'kill: a member dies and is started again',
    async make(stage) {
      const { lab, node } = stage
      await lab.run('kill', node)
      await goesOn(stage)
      await lab.run('start', node)
    },
  },
  {
    name: 'pause: a member freezes for five seconds',
    async make({ lab, node }) {
      await lab.run('pause', node)
      await sleep(5000)
      await lab.run('resume', node)
    },
  },
  {
    name: 'long pause: a member freezes for longer than a lease',
    async make(stage) {
      const { lab, harness, node } = stage
      await withItsHolder(stage, async () => {
        await lab.run('pause', node)
        await sleep(harness.leaseMs + 3000)
      })
      await lab.run('resume', node)
    },
  },
  {
    name: 'block: clients cannot reach a member',
    async make(stage) {
      const { lab, harness, node } = stage
      await lab.run('block', node)
      // the only primary stays primary, and no client reaches it
      if (lab.kind === 'gr') await sleep(harness.leaseMs + 3000)
      else await goesOn(stage)
    },
  },
  {
    name: 'clients killed: three of them, possibly with the holder',
    async make(stage) {
      const { processes } = stage
      await processes[Math.floor(Math.random() * processes.length)]?.replace()
      await goesOn(stage)
    },
  },
  {
    name: 'gateway killed: with its waiters, possibly with the holder',
    ofGateways: true,
    async make(stage) {
      await any(stage.gateways).replace()
      await goesOn(stage)
    },
  },
]
