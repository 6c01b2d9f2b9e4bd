/**
 * Measures the memory of one more waiter. Resident memory includes the program's text, which all its processes share
 * and the kernel can drop at any time. A machine with a hundred waiters needs the private memory a hundred times.
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
  const families = members.map(({ pid }) => [pid, ...childrenOf(pid)]).sort((one, other) => one.length - other.length)
  const waiting = families.slice(0, -1).map(usedByAll) // the last one runs the command
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

/** A waiter of sera has a guard, which counts, too. */
function usedByAll(pids) {
  const all = pids.map(usedBy)
  const sum = name => all.reduce((total, used) => total + used[name], 0)
  return { Rss: sum('Rss'), Private_Dirty: sum('Private_Dirty'), Private_Clean: sum('Private_Clean') }
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean)
}
