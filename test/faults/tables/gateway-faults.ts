/** What goes wrong at gateways, and between them and the tables: to those who have a pool it must not matter, or be told in time. */
import type { Arena, Team } from './arena.js'
import { any, type Fault, inArena, notSeen, rounds, type Scene, wasSeen } from './faults.js'
import type { Gateway } from './gateway.js'

interface Times {
  leaseMs: number
  expireMs: number
}

/** Two gateways, and teams that ask them by turns. */
async function twoGateways(arena: Arena, { server }: Scene, times: Times) {
  const wires = [await arena.wire(server.port), await arena.wire(server.port)]
  const gateways: Gateway[] = []
  for (const { port } of wires) gateways.push(await arena.gateway([`sera:secret@tcp(127.0.0.1:${port})/sera`], times))
  const urls = gateways.map(({ url }) => url)
  const teams: Team[] = []
  for (let count = 0; count < 3; count++) teams.push(arena.team([server.dsn()], { gateways: urls, clients: 3 }))
  await arena.assembled()
  return { wires, gateways, teams }
}

const killed: Fault = {
  title: 'a gateway is killed and started again, and then the other: whoever holds keeps what he holds',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const { gateways, teams } = await twoGateways(arena, scene, { leaseMs: 4000, expireMs: 30_000 })
      await rounds(arena, grants, gateways, async gateway => {
        const { token } = await arena.detain(any(teams))
        await gateway.replace()
        if (arena.holders[0]?.token !== token) arena.referee.book.note('not kept')
        for (const team of teams) arena.letGo(team)
      })
    }),
  expected: report => [...notSeen('fenced')(report), ...notSeen('not kept')(report)],
}

const clientsKilled: Fault = {
  title: 'clients of gateways are killed, those who hold and those who wait: others have it when its time is over',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const { teams } = await twoGateways(arena, scene, { leaseMs: 4000, expireMs: 3000 })
      await rounds(arena, grants, teams, async team => {
        await arena.detain(team)
        await team.replace()
      })
    }),
}

const stopped: Fault = {
  title: 'both gateways stand still for longer than the time of a pool: whoever holds it stops before others have it',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const { gateways, teams } = await twoGateways(arena, scene, { leaseMs: 4000, expireMs: 3000 })
      await rounds(arena, grants, teams, async team => {
        await arena.detain(team)
        for (const gateway of gateways) gateway.signal('SIGSTOP')
        await arena.until('nobody holds', () => arena.holders.length === 0)
        for (const gateway of gateways) gateway.signal('SIGCONT')
        arena.letGo(team)
      })
    }),
  expected: wasSeen('fenced'),
}

const cut: Fault = {
  title: 'connections between gateways and the server are cut all the time',
  quick: 60,
  run: (scene, grants) =>
    inArena(scene, {}, async arena => {
      const { wires } = await twoGateways(arena, scene, { leaseMs: 4000, expireMs: 10_000 })
      const knife = setInterval(() => any(wires).cut(), 80)
      await arena.more(grants, 600_000).finally(() => clearInterval(knife))
    }),
}

export const GATEWAY_FAULTS: readonly Fault[] = [killed, clientsKilled, stopped, cut]
