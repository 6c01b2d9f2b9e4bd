/** Processes that wait for one lock. The first one holds it, by a command that runs until all of them are ended. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { settled } from './settled.mjs'

/** Some wrappers ignore TERM while they wait. */
const PATIENCE_MS = 2000

export async function crowd({ argv, env }, size) {
  const lock = `bench-${randomUUID()}`
  const [program, ...args] = argv(lock, ['sh', '-c', 'sleep 600', lock])
  const start = () => spawn(program, args, { env, stdio: 'ignore', detached: true })
  const members = Array.from({ length: size }, start)
  await settled(members)
  const end = async () => {
    for (const child of members) child.kill('SIGTERM')
    const ended = Promise.all(members.map(child => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
    await Promise.race([ended, sleep(PATIENCE_MS)])
    for (const { pid } of members) killGroup(pid)
    await ended
  }
  return { members, end }
}

function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {} // it has ended
}
