/** The addresses of a host, as the system's resolver gives them. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { run, type SpawnProgram } from './program.js'

/**
 * The lookup happens in a child, `getent`: Node can't end while a lookup of its own hangs (10 s with a dead name server),
 * and a dead syslog must not hold up a command. Where there is no getent the lookup is done here all the same.
 */
export async function lookUp(host: string, spawn: SpawnProgram, signal: AbortSignal): Promise<string[]> {
  if (isIP(host)) return [host]
  try {
    const lines = await run(spawn, 'getent', ['ahosts', host], { signal })
    return [...new Set(lines.split('\n').map(line => line.split(' ')[0] ?? ''))].filter(address => isIP(address))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return (await lookup(host, { all: true })).map(({ address }) => address)
  }
}
