/** Limits what a process that outlives sera inherits: environment and descriptors. */
import type { StdioOptions } from 'node:child_process'
import type { Environment } from './binary.js'

/** The variables that a server needs. Others could change its behaviour, or contain secrets of the user. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH']

export function plainEnvironment(env: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED.filter(name => env[name] !== undefined).map(name => [name, env[name]]))
}

/**
 * The given descriptors, from 0 on, and /dev/null in place of all others. The runtime would pass on the descriptors that
 * sera inherited. If one is a pipe, its reader would wait until the server ends.
 *
 * @param inherited descriptors above 2 that sera was started with
 */
export function onlyThese(given: readonly ('ignore' | number)[], inherited: readonly number[]): StdioOptions {
  const length = Math.max(given.length, ...inherited.map(fd => fd + 1))
  return Array.from({ length }, (_, fd) => given[fd] ?? 'ignore')
}
