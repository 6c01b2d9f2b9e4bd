/**
 * Says before a command is started why it can't be: as execvp(3) would search, but with the reason in words and without
 * the fallback to a shell for a text file that lacks `#!` (the original refuses it too).
 */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SeraError } from '../errors.js'

const DEFAULT_PATH = '/bin:/usr/bin'

/** Throws SeraError('not-started') when `command` can't be executed. */
export function checkExecutable(command: string, path: string | undefined): void {
  const candidates = command.includes('/')
    ? [command]
    : (path ?? DEFAULT_PATH).split(delimiter).map(d => join(d, command))
  let problem = command.includes('/') ? 'no such file' : 'not found on PATH'
  for (const candidate of candidates) {
    const found = problemWith(candidate)
    if (found === undefined) return
    if (found !== MISSING) problem = found
  }
  throw new SeraError('not-started', `cannot start ${command}: ${problem}`)
}

const MISSING = 'missing'

function problemWith(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false })
  if (!stats) return MISSING
  if (stats.isDirectory()) return `${file} is a directory`
  try {
    accessSync(file, constants.X_OK)
  } catch {
    return `${file} is not executable; permission denied (chmod +x?)`
  }
  return lacksInterpreter(file) ? `${file} is a script without a first line such as #!/bin/sh` : undefined
}

/** A text file (no NUL in its first bytes, as bash tells it) that doesn't begin with `#!`. */
function lacksInterpreter(file: string): boolean {
  const head = Buffer.alloc(128)
  try {
    const fd = openSync(file, 'r')
    try {
      const length = readSync(fd, head, 0, head.length, 0)
      return !head.subarray(0, length).includes(0) && head.toString('latin1', 0, 2) !== '#!'
    } finally {
      closeSync(fd)
    }
  } catch {
    return false // execute permission without read permission: the kernel will say
  }
}
