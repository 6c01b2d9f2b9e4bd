/** The owner of claims, as people see it. Longer texts are cut to the columns of the tables. */
import { statSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'

export interface Owner {
  host: string
  /** 0: unknown. */
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

/** A participant on another host, known by its request only. */
export function remoteOwner(host: string, command: string): Owner {
  return { host: cut(host, LONGEST_HOST), pid: 0, user: '', command: cut(command, LONGEST_COMMAND) }
}

function cut(text: string, length: number): string {
  return [...text].slice(0, length).join('')
}

/** The user's number if it has no name, as in a container: Node throws then, and Bun returns `unknown`. */
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
