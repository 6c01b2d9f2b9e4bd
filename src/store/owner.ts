/** Whose claims they are, for people. The tables' limits apply: what is longer is cut. */
import { hostname, userInfo } from 'node:os'

export interface Owner {
  host: string
  /** 0: no process that sera knows. */
  pid: number
  user: string
  command: string
}

const LONGEST_HOST = 255
const LONGEST_COMMAND = 500

export function ownerOf(pid: number, command: readonly string[]): Owner {
  return {
    host: hostname().slice(0, LONGEST_HOST),
    pid,
    user: userName(),
    command: cut(command.join(' '), LONGEST_COMMAND),
  }
}

/** Who is somewhere else, and known by what it has asked for. */
export function guest(host: string, command: string): Owner {
  return { host: cut(host, LONGEST_HOST), pid: 0, user: '', command: cut(command, LONGEST_COMMAND) }
}

function cut(text: string, length: number): string {
  return [...text].slice(0, length).join('')
}

/** A container's user need not have a name. */
function userName(): string {
  try {
    return userInfo().username.slice(0, 64)
  } catch {
    return ''
  }
}
