/**
 * Random rendezvous of two to five candidates from three processes at once, compared with a model. The model gets the
 * order of arrival and tries all possible sets at each arrival. A candidate that met other actors than in the model is
 * reported.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseLabels } from '../../../src/selector/labels.js'
import { matches } from '../../../src/selector/matches.js'
import { parseSelector } from '../../../src/selector/selector.js'
import type { ClientFate } from './client.js'

const PROCESSES = 3
/** Candidates of each process in a round. */
const CANDIDATES = 12
const PROGRAM = fileURLToPath(new URL('client.js', import.meta.url))

export interface RendezvousTally {
  rounds: number
  candidates: number
  /** How many rendezvous had this many candidates. */
  sizes: Record<number, number>
  rendezvous: number
  /** Candidates without a rendezvous, which the model confirms. */
  left: number
  wrong: string[]
}

/** Runs rounds until there were `enough` rendezvous. The names of the events begin with `name`. */
export async function rendezvousRounds(dsn: string, name: string, enough: number): Promise<RendezvousTally> {
  const processes = Array.from({ length: PROCESSES }, () => fork(PROGRAM, [dsn]))
  const sum: RendezvousTally = { rounds: 0, candidates: 0, sizes: {}, rendezvous: 0, left: 0, wrong: [] }
  const all = async (message: object | string) => {
    const answers = processes.map(async one => (await once(one, 'message'))[0])
    for (const one of processes) one.send(message)
    return await Promise.all(answers)
  }
  try {
    while (sum.rendezvous < enough) {
      await all({ event: `${name} ${sum.rounds}`, candidates: CANDIDATES })
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

/** Adds one round. */
function add(sum: RendezvousTally, fates: readonly ClientFate[]): void {
  const expected = modelled(fates)
  for (const fate of fates) {
    const [met, expectedActors] = [fate.met, expected.get(fate)].map(one => one?.join(' ') ?? 'none')
    if (met !== expectedActors)
      sum.wrong.push(`round ${sum.rounds}: ${fate.actor} met ${met}, and should have met ${expectedActors}`)
    const company = fates.filter(({ actor }) => fate.met?.includes(actor))
    if (company.some(({ match }) => match !== fate.match)) sum.wrong.push(`${fate.actor}: not all have one match id`)
  }
  const parties = new Map(fates.flatMap(({ match, met }) => (match && met ? [[match, met.length] as const] : [])))
  for (const size of parties.values()) sum.sizes[size] = (sum.sizes[size] ?? 0) + 1
  sum.rounds++
  sum.candidates += fates.length
  sum.rendezvous += parties.size
  sum.left += fates.filter(({ met }) => !met).length
}

/** The rendezvous of each candidate for this order of arrival. */
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

/** All subsets of up to `most` elements, each in the order of the whole. */
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
