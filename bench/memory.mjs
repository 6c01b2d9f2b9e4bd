/**
 * What one more waiter takes. Resident memory counts the program's own text, which all processes of it share and which
 * can be dropped at any time; private memory is what a machine with a hundred waiters has to find a hundred times.
 */
import { readFileSync } from 'node:fs'
import { crowd } from './crowd.mjs'
import { megabytes, quantile } from './table.mjs'

const WAITERS = 5

export async function memory(wrappers) {
  const rows = []
  for (const wrapper of wrappers) rows.push(await waitersOf(wrapper))
  return rows
}

async function waitersOf(wrapper) {
  const { members, end } = await crowd(wrapper, WAITERS + 1)
  const waiting = members.filter(({ pid }) => !hasChildren(pid)).map(({ pid }) => usedBy(pid))
  await end()
  const median = of => megabytes(quantile(waiting.map(of), 0.5))
  return {
    wrapper: wrapper.name,
    'resident MB': median(({ Rss }) => Rss),
    'private MB': median(({ Private_Dirty, Private_Clean }) => Private_Dirty + Private_Clean),
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
