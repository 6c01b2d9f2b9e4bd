/**
 * Checks before the start whether a command can be executed. The search works as in execvp(3): it remembers a folder of
 * PATH that it may not search, or a file that it may not execute, and goes on. A text file without `#!` does not run
 * through a shell; the original refuses it too.
 */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SeraError } from '../errors.js'

const DEFAULT_PATH = '/bin:/usr/bin'

/** @throws SeraError not-started, when `command` can't be executed */
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

/** For `sera 5 'echo hi'`, a shell line in place of a program. */
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

/** MISSING for what execvp(3) skips silently; a reason for what it remembers. */
function unreachableFor(file: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return MISSING
  return code === 'EACCES' ? `${file} is out of reach; permission denied on its folder` : message
}

/** A text file that doesn't begin with `#!`. Like bash, it counts a file without NUL in its first bytes as text. */
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
    return false // execute permission without read permission: the kernel decides
  }
}
