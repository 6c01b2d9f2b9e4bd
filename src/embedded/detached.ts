/** What a process that outlives sera gets from it: nothing but what it is given. */
import type { StdioOptions } from 'node:child_process'
import type { Environment } from './binary.js'

/** What a server needs of the environment; nothing that changes what it does, and no secrets of whoever started it. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH']

export function plainEnvironment(env: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED.filter(name => env[name] !== undefined).map(name => [name, env[name]]))
}

/**
 * These descriptors from 0 on. What sera itself has inherited above (a pipe of the script around it, say) would be
 * passed on by the runtime, and whoever reads that pipe would wait for the server's end: it is covered with /dev/null.
 *
 * @param inherited descriptors above 2 that sera was started with
 */
export function onlyThese(given: readonly ('ignore' | number)[], inherited: readonly number[]): StdioOptions {
  const length = Math.max(given.length, ...inherited.map(fd => fd + 1))
  return Array.from({ length }, (_, fd) => given[fd] ?? 'ignore')
}
