#!/usr/bin/env node
/**
 * Measures one gateway: the cost of thousands of waiters, how soon a release reaches the next waiter, and get/release
 * pairs a second. It starts its own server and gateway; the clients are in this process, on the same machine. It only
 * reports figures.
 *
 *     npm run build && npm run build:test && node bench/gateway.mjs [--binary] [--waiting 5000] [--flush 1] [--kind mysql]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { startGateway } from './gateway-process.mjs'
import { circumstances } from './machine.mjs'
import { megabytes, ms, print, quantile } from './table.mjs'

const { values: options } = parseArgs({
  options: {
    binary: { type: 'boolean', default: false },
    waiting: { type: 'string', default: '5000' },
    flush: { type: 'string', default: '1' },
    kind: { type: 'string', default: 'mariadb' },
  },
})

const HAND_OVERS = 300
const PAIRS_MS = 5000
const WAITING = Number(options.waiting)

process.chdir(new URL('..', import.meta.url).pathname)
const { startServer } = await import('../build/test/support/servers.js')
const server = await startServer({ kind: options.kind })
const root = await mysql.createConnection({ user: 'root', socketPath: server.socketPath })
await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = ?', [Number(options.flush)])
const gateway = await startGateway(server.dsn('sera'), options.binary, ['--pools', poolsFile()])
try {
  console.log(await circumstances(server))
  const pairs = []
  for (const clients of [1, 10, 50]) pairs.push(await getAndRelease(clients))
  print(`get and release, ${gateway.runtime}`, pairs)
  print(`${WAITING} waiters at one gateway, ${gateway.runtime}`, [await crowd()])
} finally {
  await root.end()
  await server.stop?.()
  gateway.process.kill('SIGKILL') // waiting clients get no answer
}
process.exit()

/** One pool a client. */
function poolsFile() {
  const file = join(tmpdir(), `sera-bench-${process.pid}.yaml`)
  const own = Array.from({ length: 50 }, (_, at) => `  - name: own${at}\n`).join('')
  writeFileSync(file, `pools:\n  - name: crowd\n    expire: 0\n${own}`)
  return file
}

/** Each client uses its own connection and pool, one request after the other. */
async function getAndRelease(clients) {
  const until = performance.now() + PAIRS_MS
  let pairs = 0
  const times = []
  const work = async (_, at) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (performance.now() < until) {
      const startedAt = performance.now()
      expect(await say('get', 'me', `own${at}`, agent), 'YES')
      expect(await say('release', 'me', `own${at}`, agent), 'OK')
      times.push(performance.now() - startedAt)
      pairs++
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: clients }, work))
  const [p50, p99] = [0.5, 0.99].map(q => ms(quantile(times, q)))
  return { clients, 'pairs/s': Math.round((1000 * pairs) / PAIRS_MS), 'p50 ms': p50, 'p99 ms': p99 }
}

async function crowd() {
  expect(await say('get', 'h0', 'crowd'), 'YES')
  const startedAt = performance.now()
  let next = () => {}
  for (let at = 1; at <= WAITING; at++) {
    void say('wait', `h${at}`, 'crowd').then(answer => next(at, answer))
    if (at % 50 === 0) await pass(10) // a listener queues only some hundred connections
  }
  while ((await one("SELECT COUNT(*) AS n FROM sera.sera_claim WHERE state = 'waiting'")) < WAITING) await pass(200)
  const queuedMs = performance.now() - startedAt
  await pass(5000)
  const connections = await one("SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'sera'")
  const agent = new Agent({ keepAlive: true })
  const times = []
  for (let count = 0, holder = 0; count < HAND_OVERS; count++) {
    const served = new Promise(resolve => {
      next = (at, answer) => resolve([at, answer])
    })
    const releasedAt = performance.now()
    const released = say('release', `h${holder}`, 'crowd', agent)
    const [at, answer] = await served
    times.push(performance.now() - releasedAt)
    expect(answer, 'YES')
    expect(await released, 'OK')
    holder = at
    await pass(20)
  }
  const { VmRSS, VmHWM } = memory()
  return {
    'queued in s': (queuedMs / 1000).toFixed(1),
    'release to next, p50 ms': ms(quantile(times, 0.5)),
    'p90 ms': ms(quantile(times, 0.9)),
    'p99 ms': ms(quantile(times, 0.99)),
    'database connections': connections,
    'resident MB': megabytes(VmRSS),
    'most MB': megabytes(VmHWM),
  }
}

function say(word, host, pool, agent = false) {
  return new Promise((resolve, reject) => {
    const path = `/${word}/?host=${host}&pool=${pool}`
    const request = get({ host: '127.0.0.1', port: gateway.port, path, agent }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', more => {
        text += more
      })
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
  })
}

function expect(answer, wanted) {
  if (answer !== wanted) throw new Error(`answered ${answer} instead of ${wanted}`)
}

async function one(sql) {
  const [[{ n }]] = await root.query(sql)
  return n
}

/** Kilobytes (proc_pid_status(5)). */
function memory() {
  const lines = readFileSync(`/proc/${gateway.process.pid}/status`, 'latin1').matchAll(/^(\w+):\s+(\d+) kB$/gm)
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]))
}
