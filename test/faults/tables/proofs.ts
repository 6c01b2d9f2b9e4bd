/**
 * For each safety rule the smallest trouble in which clients that do without it get in each other's way. The same trouble must do
 * nothing to clients that keep it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arena, Report } from './arena.js'
import type { BrokenRule } from './broken.js'
import { countIn, direct, inArena, type Scene, stopHolder, unreliable, type Wired, wired } from './faults.js'
import type { TeamOptions } from './team.js'

export interface Proof {
  rule: BrokenRule | 'writes without a token'
  /** `broken` goes to the clients. */
  run(scene: Scene, broken: Partial<TeamOptions>): Promise<Report>
}

/** So many grants, or something that should not be. */
async function enough(arena: Arena, grants: number): Promise<void> {
  const goal = arena.grants + grants
  const { overlaps, lateWrites } = arena.referee.book
  await arena.until('enough', () => arena.grants >= goal || overlaps.length + lateWrites.length > 0, 120_000)
}

const without = (rule: BrokenRule): Partial<TeamOptions> => ({ broken: rule })

export function doingWithout({ rule }: Proof): Partial<TeamOptions> {
  return rule === 'writes without a token' ? { guarded: false } : without(rule)
}

export const PROOFS: readonly Proof[] = [
  {
    rule: 'no self-fencing',
    run: (scene, broken) =>
      inArena(scene, {}, async arena => {
        const [{ team, wire }] = (await wired(arena, scene, 1, broken)) as [Wired]
        await direct(arena, scene, 1, { clients: 2 })
        await arena.detain(team)
        wire.dark = true
        await enough(arena, 5)
        arena.letGo(team)
      }),
  },
  {
    rule: 'expiry by the server clock',
    run: (scene, broken) =>
      inArena(scene, {}, async arena => {
        await direct(arena, scene, 2, { clients: 2, clockAheadMs: 5000, holdMs: 50, ...broken })
        await enough(arena, 30)
      }),
  },
  {
    rule: 'unknown taken for done',
    run: (scene, broken) =>
      inArena(scene, {}, async arena => {
        // who finds others waiting has a claim in the tables before its grant gets lost, and is in nobody's way
        const all = await wired(arena, scene, 3, { clients: 1, holdMs: 100, restMs: 300, ...broken })
        for (const { wire } of all)
          wire.fate = statement => (/^COMMIT/.test(statement) ? unreliable(0.3, ['lost'])(statement) : 'pass')
        await enough(arena, 60)
      }),
  },
  {
    rule: 'unknown taken for not done',
    run: (scene, broken) => countIn(scene, 30, broken, unreliable(0.3, ['unanswered'])),
  },
  {
    rule: 'reap without looking again',
    run: (scene, broken) =>
      inArena(scene, {}, async arena => {
        const [team] = await direct(arena, scene, 2, { clients: 1, looksLag: true, ...broken })
        if (!team) return
        await arena.detain(team)
        const timer = sleep(3 * arena.leaseMs).then(() => arena.letGo(team))
        await enough(arena, 5)
        await timer
      }),
  },
  {
    rule: 'grant without bump',
    run: (scene, broken) =>
      inArena(scene, {}, async arena => {
        await direct(arena, scene, 2, { clients: 3, ...broken })
        await enough(arena, 60)
      }),
  },
  {
    rule: 'renewal that inserts',
    run: (scene, broken) =>
      inArena(scene, {}, async arena => {
        const [team] = await direct(arena, scene, 2, { clients: 2, ...broken })
        if (!team) return
        const holding = await arena.detain(team)
        arena.referee.excuse(holding.who)
        arena.referee.expect(holding.who)
        await scene.sql(`DELETE FROM sera_claim WHERE token = ${holding.token}`)
        await sleep(arena.leaseMs)
        arena.referee.book.mustHaveEnded(holding)
        arena.letGo(team)
        await enough(arena, 10)
      }),
  },
  {
    rule: 'writes without a token',
    run: (scene, broken) =>
      inArena(scene, {}, async arena => {
        const teams = await direct(arena, scene, 3, { heedless: true, ...broken })
        for (const team of teams.slice(0, 2)) await stopHolder(arena, teams, team)
        await arena.more(10)
      }),
  },
]
