/**
 * The faults of the lock tables, each as long as one wants it: clients take turns while something goes wrong, until there have been
 * so many grants. What must hold in every one is in `complaints`; what a fault expects besides, it says itself.
 */
import type { Server } from '../../support/servers.js'
import { Arena, type ArenaOptions, type Report, type Sql, type Team } from './arena.js'
import type { TeamOptions } from './team.js'
import type { Fate, Wire } from './wire.js'

export interface Scene {
  server: Server
  sql: Sql
}

export interface Fault {
  title: string
  /** How many grants show it in a few seconds. */
  quick: number
  run(scene: Scene, grants: number): Promise<Report>
  /** What was to be seen besides. */
  expected?(report: Report): string[]
}

/** Nothing, when all is well. */
export function complaints(report: Report, { expected }: Pick<Fault, 'expected'> = {}): string[] {
  const { overlaps, outOfOrder, lateWrites, lostUpdates, lostWrites } = report
  return [
    ...overlaps.map(overlap => `two at once: ${overlap}`),
    ...outOfOrder.map(token => `token out of order: ${token}`),
    ...lateWrites.map(write => `late write: ${write}`),
    ...(lostUpdates === 0 ? [] : [`lost updates: ${lostUpdates}`]),
    ...(lostWrites === 0 ? [] : [`lost updates in the database: ${lostWrites}`]),
    ...(expected?.(report) ?? []),
  ]
}

const seen = (word: string, { tally }: Report): number => tally[word] ?? 0
export const wasSeen = (word: string) => (report: Report) => (seen(word, report) > 0 ? [] : [`not seen: ${word}`])
export const notSeen = (word: string) => (report: Report) =>
  seen(word, report) > 0 ? [`${word}: ${seen(word, report)}`] : []

export async function inArena(
  { server, sql }: Scene,
  options: Partial<ArenaOptions>,
  play: (arena: Arena) => Promise<void>,
): Promise<Report> {
  await using arena = await Arena.open({ sql, job: [server.dsn()], ...options })
  await play(arena)
  return await arena.finish()
}

export interface Wired {
  team: Team
  wire: Wire
}

/** Teams with a wire each. */
export async function wired(
  arena: Arena,
  { server }: Scene,
  teams: number,
  options: Partial<TeamOptions> = {},
): Promise<Wired[]> {
  const make = async () => {
    const wire = await arena.wire(server.port)
    return { wire, team: arena.team([`sera:secret@tcp(127.0.0.1:${wire.port})/sera`], options) }
  }
  const all = await Promise.all(Array.from({ length: teams }, make))
  await arena.assembled()
  return all
}

export async function direct(
  arena: Arena,
  { server }: Scene,
  teams: number,
  options: Partial<TeamOptions> = {},
): Promise<Team[]> {
  const all = Array.from({ length: teams }, () => arena.team([server.dsn()], options))
  await arena.assembled()
  return all
}

/** Does it again until there have been so many grants, and twice at least. */
export async function rounds<T>(arena: Arena, grants: number, among: readonly T[], round: (one: T) => Promise<void>) {
  for (let done = 0; done < 2 || arena.grants < grants; done++) {
    await arena.more(15)
    await round(among[done % among.length] as T)
    // a fault takes seconds, whatever is made of it
    await arena.more(Math.min(300, Math.ceil(grants / 4)))
  }
}

export const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T

const calm: Fault = {
  title: 'nothing goes wrong, and all want it at once',
  quick: 200,
  run: (scene, grants) =>
    inArena(scene, { leaseMs: 20_000 }, async arena => {
      await direct(arena, scene, 3, { clients: 4, holdMs: 2 })
      await arena.more(grants)
    }),
  expected: notSeen('fenced'),
}

const killed: Fault = {
  title: 'kill -9 of the holder and of one who waits, again and again',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const teams = await direct(arena, scene, 5)
      await rounds(arena, grants, teams, async team => {
        await arena.detain(team)
        await Promise.all([team.replace(), any(teams.filter(other => other !== team)).replace()])
      })
    }),
}

const stopped: Fault = {
  title: 'SIGSTOP of the holder beyond its lease: what it still writes is refused by its token',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const teams = await direct(arena, scene, 4, { heedless: true })
      await rounds(arena, grants, teams, team => stopHolder(arena, teams, team))
    }),
  expected: report => [...wasSeen('refused by the token')(report), ...wasSeen('job refused by the token')(report)],
}

/** A holder and one who waits stand still until others have had the lock. */
export async function stopHolder(arena: Arena, teams: readonly Team[], team: Team): Promise<void> {
  await arena.detain(team)
  const both = [team, any(teams.filter(other => other !== team))]
  for (const { name } of both) arena.referee.excuse(`${name}.`)
  for (const one of both) one.signal('SIGSTOP')
  await arena.more(15)
  for (const { name } of both) arena.referee.expect(`${name}.`)
  arena.letGo(team)
  for (const one of both) one.signal('SIGCONT')
}

const serverKilled: Fault = {
  title: 'a server that is killed and restarted under 30 clients: holders keep what they hold',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, { leaseMs: 20_000 }, async arena => {
      const teams = await direct(arena, scene, 5, { clients: 6 })
      await rounds(arena, grants, teams, async team => {
        const { token } = await arena.detain(team)
        await scene.server.kill('SIGKILL')
        await scene.server.restart()
        if (arena.holders[0]?.token !== token) arena.referee.book.note('not kept')
        arena.letGo(team)
      })
    }),
  expected: report => [...notSeen('fenced')(report), ...notSeen('not kept')(report)],
}

const cut: Fault = {
  title: 'connections that are cut all the time',
  quick: 100,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const all = await wired(arena, scene, 3, { clients: 2 })
      const knife = setInterval(() => any(all).wire.cut(), 80)
      await arena.more(grants, 600_000).finally(() => clearInterval(knife))
    }),
}

const halfOpen: Fault = {
  title: 'connections that are half-open: each side waits for the other',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const all = await wired(arena, scene, 3, { clients: 2 })
      await rounds(arena, grants, all, async ({ team, wire }) => {
        await arena.detain(team)
        wire.halve()
        arena.letGo(team)
      })
    }),
}

const dark: Fault = {
  title: 'a holder who is cut off from the server stops before anybody else begins',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const all = await wired(arena, scene, 3, { clients: 2 })
      await rounds(arena, grants, all, async ({ team, wire }) => {
        await arena.detain(team)
        wire.dark = true
        await arena.more(10)
        wire.dark = false
        wire.cut()
        arena.letGo(team)
      })
    }),
  expected: wasSeen('fenced'),
}

const delayed: Fault = {
  title: 'some wait 500 ms for every answer of the server',
  quick: 12,
  run: (scene, grants) =>
    inArena(scene, { leaseMs: 20_000 }, async arena => {
      const [{ team, wire }] = (await wired(arena, scene, 1, { clients: 3 })) as [Wired]
      await direct(arena, scene, 1, { clients: 3 })
      wire.delayMs = 250
      // each of their turns takes seconds; a few dozen show what there is to see
      const goal = Math.min(grants, 40)
      const enough = () => arena.referee.book.grantsOf(team.name) >= goal / 4 && arena.grants >= goal
      await arena.until('grants of the distant', enough, 600_000)
    }),
  expected: notSeen('fenced'),
}

/** What changes something: the end of a step, a renewal, a release. */
const WRITES = /^(COMMIT|UPDATE sera_claim SET renewals|DELETE FROM sera_claim)/

/** A part of the writes gets lost in one of the ways there are. */
export function unreliable(part: number, fates: readonly Fate[] = ['lost', 'unanswered', 'late']) {
  return (statement: string): Fate => (WRITES.test(statement) && Math.random() < part ? any(fates) : 'pass')
}

const unanswered: Fault = {
  title: 'COMMITs whose answer is lost, COMMITs that are lost, COMMITs that arrive late',
  quick: 80,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      for (const { wire } of await wired(arena, scene, 3, { clients: 3 })) wire.fate = unreliable(0.15)
      await arena.more(grants)
    }),
}

const counted: Fault = {
  title: 'a counter whose COMMITs get lost counts each addition once',
  quick: 60,
  run: (scene, additions) => countIn(scene, additions, {}),
}

/** The counter's value in the end, beside what was added. */
export async function countIn(
  scene: Scene,
  additions: number,
  options: Partial<TeamOptions>,
  fate = unreliable(0.15),
): Promise<Report> {
  let value = 0
  const report = await inArena(scene, {}, async arena => {
    const all = await wired(arena, scene, 3, { kind: 'counter', clients: 2, ...options })
    for (const { wire } of all) wire.fate = fate
    await arena.until('so many additions', () => (arena.referee.book.tally.added ?? 0) >= additions, 300_000)
    await arena.finish()
    const [[text] = []] = await scene.sql(`SELECT value FROM sera_resource WHERE name = '${arena.name}'`)
    value = Number(text)
  })
  const added = seen('added', report)
  // what failed was said to be unknown
  const failed = Object.entries(report.tally).reduce(
    (sum, [word, times]) => sum + (word.startsWith('failed') ? times : 0),
    0,
  )
  return { ...report, grants: added, lostUpdates: value < added ? added - value : Math.max(0, value - added - failed) }
}

export const FAULTS: readonly Fault[] = [
  calm,
  killed,
  stopped,
  serverKilled,
  cut,
  halfOpen,
  dark,
  delayed,
  unanswered,
  counted,
]
