/** Facts about processes from /proc: terminal, ignored signals, inherited descriptors, ancestors. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { constants } from 'node:os'

export interface ProcessState {
  /** False for a zombie without other threads. A thread leader that has exited is a zombie, too, while other threads run. */
  alive: boolean
  parent: number
  group: number
  session: number
  /** It has a controlling terminal. */
  terminal: boolean
  /** It is in the terminal's foreground group: the kernel sends it Ctrl-C. */
  foreground: boolean
  /** When it started; with the PID, this identifies a process. */
  start: number
}

/** Reads /proc/PID/stat (proc_pid_stat(5)); undefined when there is no such process or no /proc. */
export function readProcess(pid: number | 'self'): ProcessState | undefined {
  let line: string
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const state = fields[0] ?? 'X'
  const [parent = 0, group = 0, session = 0, tty = 0, foregroundGroup = 0] = fields.slice(1, 6).map(Number)
  const [threads = 0, , start = 0] = fields.slice(17, 20).map(Number)
  const terminal = tty !== 0
  const alive = state !== 'X' && (state !== 'Z' || threads > 1)
  return { alive, parent, group, session, terminal, foreground: terminal && foregroundGroup === group, start }
}

/** The PIDs of all processes in /proc. */
export function processIds(): number[] {
  return readNames('/proc').map(Number).filter(Number.isInteger)
}

/** The entries of SERA_HELD in the environment that the process was started with; none when it can't be read. */
export function heldEntriesOf(pid: number): string[] {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
    return variables.filter(one => one.startsWith('SERA_HELD=')).flatMap(one => one.slice(10).split(' '))
  } catch {
    return []
  }
}

/** The signals a process ignores; none when there is no such process. */
export function ignoredSignals(pid: number | 'self'): NodeJS.Signals[] {
  try {
    return signalsIn(/^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  } catch {
    return []
  }
}

/** The signals in a mask of /proc/PID/status. */
export function signalsIn(mask = '0'): NodeJS.Signals[] {
  const bits = BigInt(`0x${mask}`)
  const names = Object.keys(constants.signals) as NodeJS.Signals[]
  return names.filter(name => (bits >> BigInt(constants.signals[name] - 1)) & 1n)
}

/** The process's ancestors, nearest first. */
export function* ancestors(): Generator<number> {
  for (let state = readProcess('self'); state && state.parent > 0; state = readProcess(state.parent)) {
    yield state.parent
  }
}

/**
 * Descriptors above 2 that this process inherited, such as a shell's `<(…)` or `3>log`. The child gets them at the same
 * numbers; neither runtime passes them on. The runtime's own are left out: anonymous inodes, and pipes of which it
 * holds both ends. Call it before sera opens anything.
 */
export function inheritedDescriptors(): number[] {
  const open = listDescriptors()
  const pipes = new Map<string, Set<number>>()
  for (const { target, access } of open) {
    if (target.startsWith('pipe:')) pipes.set(target, (pipes.get(target) ?? new Set()).add(access))
  }
  return open
    .filter(({ target }) => !target.startsWith('anon_inode:') && !target.startsWith('/proc/'))
    .filter(({ target }) => (pipes.get(target)?.size ?? 0) < 2)
    .map(({ fd }) => fd)
}

interface Descriptor {
  fd: number
  target: string
  /** 0 reading, 1 writing, 2 both. */
  access: number
}

function listDescriptors(): Descriptor[] {
  const open: Descriptor[] = []
  for (const name of readNames('/proc/self/fd')) {
    const fd = Number(name)
    if (fd <= 2) continue
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`)
      const access = target.startsWith('pipe:') ? accessMode(name) : 0
      open.push({ fd, target, access })
    } catch {} // the descriptor of the directory itself is closed by now
  }
  return open
}

function accessMode(fd: string): number {
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))
  return Number.parseInt(flags?.[1] ?? '0', 8) & 3
}

function readNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
