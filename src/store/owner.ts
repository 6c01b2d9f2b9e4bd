/** Whose claims they are, for people. The tables' limits apply: what is longer is cut. */
import { hostname, userInfo } from 'node:os'

export interface Owner {
  host: string
  pid: number
  user: string
  command: string
}

const LONGEST_COMMAND = 500

export function ownerOf(pid: number, command: readonly string[]): Owner {
  return {
    host: hostname().slice(0, 255),
    pid,
    user: userName(),
    command: [...command.join(' ')].slice(0, LONGEST_COMMAND).join(''),
  }
}

/** A container's user need not have a name. */
function userName(): string {
  try {
    return userInfo().username.slice(0, 64)
  } catch {
    return ''
  }
}
