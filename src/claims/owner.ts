/** Whose claims they are, for people. The tables' limits apply: what is longer is cut. */
import { statSync } from 'node:fs'
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
export function remoteOwner(host: string, command: string): Owner {
  return { host: cut(host, LONGEST_HOST), pid: 0, user: '', command: cut(command, LONGEST_COMMAND) }
}

function cut(text: string, length: number): string {
  return [...text].slice(0, length).join('')
}

/** By number where the user has no name, as in a container: there Node throws, and Bun says `unknown`. */
function userName(): string {
  const name = passwdName()
  return name === undefined || name === 'unknown' ? userNumber() : name.slice(0, 64)
}

function passwdName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}

function userNumber(): string {
  try {
    return String(statSync('/proc/self').uid)
  } catch {
    return ''
  }
}
