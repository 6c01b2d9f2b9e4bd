/** Detects that processes wait, from their CPU time. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const CALM = 4
const LOOK_MS = 50

/** Resolves when the processes have used no CPU time for a while. */
export async function settled(children) {
  for (let before = -1, calm = 0; calm < CALM; ) {
    await sleep(LOOK_MS)
    const now = children.reduce((sum, { pid }) => sum + ticks(pid), 0)
    calm = now === before ? calm + 1 : 0
    before = now
  }
}

/** CPU time used, in clock ticks (proc_pid_stat(5)). */
function ticks(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}
