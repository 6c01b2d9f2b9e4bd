#!/usr/bin/env node
/**
 * Measures what vanished clients leave behind at a gateway. Each client takes a lock with a lease of 2 s at its own
 * name; one in four releases it, the others vanish. Prints the size of the tables each minute, and after the traffic
 * until no claim is left. It starts its own server and gateway.
 *
 *     npm run build && npm run build:test && node bench/vanishing.mjs [--binary] [--minutes 15] [--rate 10] [--kind mysql]
 */
import { setTimeout as pass } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { startGateway } from './gateway-process.mjs'
import { circumstances } from './machine.mjs'
import { print } from './table.mjs'

const { values: options } = parseArgs({
  options: {
    binary: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '15' },
    rate: { type: 'string', default: '10' },
    kind: { type: 'string', default: 'mariadb' },
  },
})

const MINUTE_MS = 60_000
const DRAINED_WITHIN_MS = 5 * MINUTE_MS

process.chdir(new URL('..', import.meta.url).pathname)
const { startServer } = await import('../build/test/support/servers.js')
const server = await startServer({ kind: options.kind })
const root = await mysql.createConnection({ user: 'root', socketPath: server.socketPath, database: 'sera' })
const gateway = await startGateway(server.dsn('sera'), options.binary)
const url = `http://127.0.0.1:${gateway.port}`
try {
  console.log(await circumstances(server))
  const minutes = []
  for (let minute = 1; minute <= Number(options.minutes); minute++) {
    const { came, vanished } = await traffic(MINUTE_MS)
    minutes.push({ minute, came, vanished, ...(await sizes()) })
    console.log(JSON.stringify(minutes.at(-1)))
  }
  print(`${options.rate} clients a second, three in four vanish; ${gateway.runtime}`, minutes)
  console.log(`no claim is left ${(await drained()) / 1000} s after the last client`)
} finally {
  await root.end()
  gateway.process.kill('SIGKILL')
  await server.stop()
}

async function traffic(ms) {
  const until = performance.now() + ms
  const pending = new Set()
  let came = 0
  let vanished = 0
  while (performance.now() < until) {
    const stays = came++ % 4 !== 0
    if (stays) vanished++
    const one = client(`job-${Date.now()}-${came}`, stays).finally(() => pending.delete(one))
    pending.add(one)
    await pass(1000 / Number(options.rate))
  }
  await Promise.all(pending)
  return { came, vanished }
}

async function client(name, vanishes) {
  const body = JSON.stringify({ lease: '2s', wait: '0' })
  const headers = { 'Content-Type': 'application/json' }
  const answer = await fetch(`${url}/v1/mutexes/${name}/claims`, { method: 'POST', headers, body })
  const { id } = await answer.json()
  if (answer.status !== 200) throw new Error(`${name}: ${answer.status}`)
  if (!vanishes) await fetch(`${url}/v1/claims/${id}`, { method: 'DELETE' })
}

async function sizes() {
  const [[{ claims, expired, resources }]] = await root.query(`SELECT COUNT(*) AS claims,
    COALESCE(SUM(expires_at < UTC_TIMESTAMP(6)), 0) AS expired, (SELECT COUNT(*) FROM sera_resource) AS resources
    FROM sera_claim`)
  const startedAt = performance.now()
  const status = await (await fetch(`${url}/v1/status`)).text()
  const statusMs = Math.round(performance.now() - startedAt)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const held = Number(/^sera_held\{kind="mutex"\} (\d+)/m.exec(metrics)?.[1])
  return {
    claims,
    expired: Number(expired),
    names: resources,
    held,
    statusMs,
    statusKB: Math.round(status.length / 1024),
  }
}

/** Waits until no claim is left. @returns how long it took, ms */
async function drained() {
  const startedAt = performance.now()
  while (performance.now() < startedAt + DRAINED_WITHIN_MS) {
    const { claims } = await sizes()
    if (claims === 0) return Math.round(performance.now() - startedAt)
    await pass(1000)
  }
  throw new Error('claims are left')
}
