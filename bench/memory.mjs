/**
 * What one more waiter takes. Resident memory counts the program's own text, which all processes of it share and which
 * can be dropped at any time; private memory is what a machine with a hundred waiters has to find a hundred times.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { settled } from './settled.mjs'
import { megabytes, quantile } from './table.mjs'

const WAITERS = 5

export async function memory(wrappers) {
  const rows = []
  for (const wrapper of wrappers) rows.push(await waitersOf(wrapper))
  return rows
}

async function waitersOf({ name, argv, env }) {
  const [program, ...args] = argv(`bench-${randomUUID()}`, ['sleep', '600'])
  const children = Array.from({ length: WAITERS + 1 }, () => spawn(program, args, { env, stdio: 'ignore' }))
  await settled(children)
  const used = children.map(({ pid }) => usedBy(pid))
  const holder = children.findIndex(({ pid }) => hasChildren(pid))
  const waiting = used.filter((_, i) => i !== holder)
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(children.map(child => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
  return {
    wrapper: name,
    'resident MB': megabytes(
      quantile(
        waiting.map(({ Rss }) => Rss),
        0.5,
      ),
    ),
    'private MB': megabytes(
      quantile(
        waiting.map(({ Private_Dirty, Private_Clean }) => Private_Dirty + Private_Clean),
        0.5,
      ),
    ),
  }
}

/** Kilobytes, by name (proc_pid_smaps(5)). */
function usedBy(pid) {
  const lines = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1').matchAll(/^(\w+):\s+(\d+) kB$/gm)
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]))
}

function hasChildren(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1') !== ''
}
