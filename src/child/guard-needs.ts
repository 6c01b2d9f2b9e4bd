/** The one program that the guard needs on this host, in addition to /proc and /bin/sh: `sleep`. */
import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'

/** The last two are NixOS and Guix. */
const FOLDERS = [
  ...['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'],
  ...['/run/current-system/sw/bin', '/run/current-system/profile/bin'],
]

/** The guard's PATH: the system's folders, then the absolute folders of sera's own PATH. */
export function guardPath(path = ''): string {
  return [...FOLDERS, ...path.split(':').filter(isAbsolute)].join(':')
}

export function hasSleep(path: string): boolean {
  return path.split(':').some(folder => isProgram(`${folder}/sleep`))
}

function isProgram(file: string): boolean {
  try {
    const facts = statSync(file, { throwIfNoEntry: false })
    return facts?.isFile() === true && (facts.mode & 0o111) !== 0
  } catch {
    return false // a folder that may not be searched
  }
}
