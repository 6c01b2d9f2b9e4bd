/** Checks that syslog can be reached, without sending a line; for `sera doctor`. */
import { existsSync } from 'node:fs'
import type { SyslogSettings } from '../config/syslog.js'
import { type Address, parseAddress } from './address.js'
import { lookUp } from './lookup.js'
import { run, type SpawnProgram } from './program.js'
import { connected } from './tcp.js'

export interface SyslogFacts {
  /** Why lines would be lost; absent if they would arrive. */
  problem?: string
  /** The problem is that the socket does not exist, as is usual in a container. */
  isAbsent: boolean
  /** UDP: there is no answer, so a problem may go unnoticed. */
  isBlind: boolean
}

const LIMIT_MS = 2000

export async function trySyslog({ address }: SyslogSettings, spawn: SpawnProgram): Promise<SyslogFacts> {
  const where = parseAddress(address)
  const isBlind = where.kind === 'udp'
  if (where.kind === 'unix' && !existsSync(where.path)) {
    return { isBlind, isAbsent: true, problem: 'there is no such socket' }
  }
  const problem = await problemAt(where, spawn, AbortSignal.timeout(LIMIT_MS))
  return { isBlind, isAbsent: false, ...(problem === undefined ? {} : { problem }) }
}

async function problemAt(where: Address, spawn: SpawnProgram, signal: AbortSignal): Promise<string | undefined> {
  if (where.kind === 'unix') return await problemWith(where.path, spawn, signal)
  const hosts = await lookUp(where.host, spawn, signal).catch((): string[] => [])
  if (hosts.length === 0) return `the host ${where.host} has no address`
  if (where.kind === 'udp') return undefined
  for (const host of hosts) {
    const socket = await connected(host, where.port, signal)
    socket?.destroySoon()
    if (socket) return undefined
  }
  return signal.aborted ? 'no answer' : 'no server listens there'
}

/** logger connects before it reads stdin, and sends nothing if stdin is empty. */
async function problemWith(path: string, spawn: SpawnProgram, signal: AbortSignal): Promise<string | undefined> {
  try {
    await run(spawn, 'logger', ['--socket', path, '--socket-errors=on', '--tag', 'sera'], { signal })
    return undefined
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return isMissing ? 'logger, of util-linux, is not installed' : 'no server listens there'
  }
}
