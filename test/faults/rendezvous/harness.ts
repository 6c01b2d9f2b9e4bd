/**
 * Rendezvous of two to five at random, from three processes at once, and a model that is told in which order all have
 * arrived: it tries all sets there are at each arrival. Whoever has met others than in the model is told of.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseLabels } from '../../../src/selector/labels.js'
import { matches } from '../../../src/selector/matches.js'
import { parseSelector } from '../../../src/selector/selector.js'
import type { ClientFate } from './client.js'

const PROCESSES = 3
/** In a round, of each process. */
const VISITORS = 12
const PROGRAM = fileURLToPath(new URL('client.js', import.meta.url))

export interface RendezvousTally {
  rounds: number
  visitors: number
  /** How many rendezvous there were of so many. */
  sizes: Record<number, number>
  rendezvous: number
  /** Who met nobody, as in the model. */
  left: number
  wrong: string[]
}

/** Until there have been so many rendezvous. `name` begins the names of the events. */
export async function rendezvousRounds(dsn: string, name: string, enough: number): Promise<RendezvousTally> {
  const processes = Array.from({ length: PROCESSES }, () => fork(PROGRAM, [dsn]))
  const sum: RendezvousTally = { rounds: 0, visitors: 0, sizes: {}, rendezvous: 0, left: 0, wrong: [] }
  const all = async (message: object | string) => {
    const answers = processes.map(async one => (await once(one, 'message'))[0])
    for (const one of processes) one.send(message)
    return await Promise.all(answers)
  }
  try {
    while (sum.rendezvous < enough) {
      await all({ event: `${name} ${sum.rounds}`, visitors: VISITORS })
      const fates = (await all('leave')).flat() as ClientFate[]
      add(
        sum,
        fates.toSorted((a, b) => a.ticket - b.ticket),
      )
    }
    return sum
  } finally {
    for (const one of processes) one.kill('SIGKILL')
  }
}

/** One round. */
function add(sum: RendezvousTally, fates: readonly ClientFate[]): void {
  const expected = modelled(fates)
  for (const fate of fates) {
    const [met, ought] = [fate.met, expected.get(fate)].map(one => one?.join(' ') ?? 'nobody')
    if (met !== ought) sum.wrong.push(`round ${sum.rounds}: ${fate.actor} met ${met}, and ought to have met ${ought}`)
    const company = fates.filter(({ actor }) => fate.met?.includes(actor))
    if (company.some(({ match }) => match !== fate.match)) sum.wrong.push(`${fate.actor}: not all have one match id`)
  }
  const parties = new Map(fates.flatMap(({ match, met }) => (match && met ? [[match, met.length] as const] : [])))
  for (const size of parties.values()) sum.sizes[size] = (sum.sizes[size] ?? 0) + 1
  sum.rounds++
  sum.visitors += fates.length
  sum.rendezvous += parties.size
  sum.left += fates.filter(({ met }) => !met).length
}

/** Whom each meets, when they arrive in this order. */
export function modelled(fates: readonly ClientFate[]): Map<ClientFate, string[]> {
  const met = new Map<ClientFate, string[]>()
  let waiting: ClientFate[] = []
  for (const newcomer of fates) {
    const party = oldest(
      subsets(waiting, 4)
        .map(set => [...set, newcomer])
        .filter(isComplete),
    )
    for (const one of party ?? [])
      met.set(
        one,
        party!.map(({ actor }) => actor),
      )
    waiting = [...waiting, newcomer].filter(one => !party?.includes(one))
  }
  return met
}

/** All of up to `most`, each in the order of the whole. */
function subsets(of: readonly ClientFate[], most: number): ClientFate[][] {
  if (most === 0) return [[]]
  return [[], ...of.flatMap((one, at) => subsets(of.slice(at + 1), most - 1).map(rest => [one, ...rest]))]
}

function isComplete(set: readonly ClientFate[]): boolean {
  if (set.length !== 1 + Math.max(...set.map(({ mates }) => mates))) return false
  return set.every(one => set.every(other => one === other || accepts(one, other)))
}

function oldest(sets: readonly ClientFate[][]): ClientFate[] | undefined {
  return sets.toSorted((a, b) => {
    const at = a.findIndex((one, index) => one !== b[index])
    return (a[at]?.ticket ?? 0) - (b[at]?.ticket ?? 0)
  })[0]
}

function accepts({ selector }: ClientFate, { labels }: ClientFate): boolean {
  return matches(parseSelector(selector), parseLabels(labels))
}
