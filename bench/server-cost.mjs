/** Counts what one run sends to the server, and what waiters send while nothing happens. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { crowd } from './crowd.mjs'

const WAITERS = 10

export async function serverCost(seras, server, { idleS }) {
  const rows = []
  for (const sera of seras) {
    rows.push({
      wrapper: sera.name,
      'commands a run': await commandsOfARun(sera, server),
      [`queries in ${idleS} s with ${WAITERS} waiting`]: await queriesWhileIdle(sera, server, idleS),
    })
  }
  return rows
}

/** Counts commands on the wire, after the handshake, COM_QUIT included: a command is a packet with sequence number 0. */
async function commandsOfARun({ argv, env }, { port, dsn }) {
  let commands = 0
  const proxy = createServer(client => {
    const upstream = connect({ port, host: '127.0.0.1' })
    client.on('data', packet => {
      if (packet[3] === 0) commands++
    })
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const through = dsn().replace(`:${port}`, `:${proxy.address().port}`)
  const lock = `bench-${randomUUID()}`
  const [program, ...args] = argv(lock, ['true', lock])
  await once(spawn(program, args, { env: { ...env, SERA_SERVER: through }, stdio: 'ignore' }), 'exit')
  await sleep(100)
  proxy.close()
  return commands
}

async function queriesWhileIdle(sera, { socketPath }, seconds) {
  const { end } = await crowd(sera, WAITERS + 1)
  const root = await mysql.createConnection({ user: 'root', socketPath })
  const asked = async () => Number((await root.query("SHOW GLOBAL STATUS LIKE 'Questions'"))[0][0].Value)
  const before = await asked()
  await sleep(seconds * 1000)
  const own = 1
  const queries = (await asked()) - before - own
  await root.end()
  await end()
  return queries
}
