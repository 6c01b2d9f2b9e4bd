/** Looks up the addresses of a host with the resolver of the system. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { run, type SpawnProgram } from './program.js'

/**
 * A child process, `getent`, does the lookup. Node cannot end while its own lookup hangs (10 s with a dead name server),
 * and a dead syslog must not delay a command. Without getent, Node does the lookup.
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
