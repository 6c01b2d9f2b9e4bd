/**
 * Says before a command is started why it can't be. The search goes on as in execvp(3): a folder of PATH that may not be
 * searched, or a file that may not be executed, is remembered and passed over. There is no fallback to a shell for a text
 * file that lacks `#!`; the original refuses it too.
 */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SeraError } from '../errors.js'

const DEFAULT_PATH = '/bin:/usr/bin'

/** Throws SeraError('not-started') when `command` can't be executed. */
export function checkExecutable(command: string, path: string | undefined): void {
  const isPath = command.includes('/')
  const candidates = isPath ? [command] : (path ?? DEFAULT_PATH).split(delimiter).map(d => join(d, command))
  let problem: string | undefined
  for (const candidate of candidates) {
    const found = problemWith(candidate)
    if (found === undefined) return
    if (found !== MISSING) problem = found
  }
  const reason = problem ?? (isPath ? 'no such file' : `not found on PATH${hintFor(command)}`)
  throw new SeraError('not-started', `cannot start ${command}: ${reason}`)
}

/** `sera 5 'echo hi'`: a whole line of shell stands where the program should. */
function hintFor(command: string): string {
  return /\s/.test(command) ? "; give a program and its arguments as separate words, or a shell line as sh -c '…'" : ''
}

const MISSING = 'missing'

function problemWith(file: string): string | undefined {
  try {
    if (statSync(file).isDirectory()) return `${file} is a directory`
  } catch (error) {
    return unreachableFor(file, error as NodeJS.ErrnoException)
  }
  try {
    accessSync(file, constants.X_OK)
  } catch {
    return `${file} is not executable; permission denied (chmod +x?)`
  }
  return lacksInterpreter(file) ? `${file} is a script without a first line such as #!/bin/sh` : undefined
}

/** What execvp(3) passes over in silence is missing; the rest it remembers for the end. */
function unreachableFor(file: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return MISSING
  return code === 'EACCES' ? `${file} is out of reach; permission denied on its folder` : message
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
