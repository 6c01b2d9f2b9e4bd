/** `sera pool`: runs a command under a pool of a sera gateway or a Distributex, without a database. */
import { readToken } from '../../cli/args/file-argument.js'
import type { RunOptions } from '../../cli/args/options.js'
import { SeraError } from '../../errors.js'
import { PoolClient } from '../../pool-client/client.js'
import { serverUrl } from '../../pool-client/server-url.js'
import { checkName } from '../../primitives/names.js'
import type { RunContext, Task } from '../../run/context.js'
import { runLocked } from '../../run/run-locked.js'
import { poolSource } from './acquire-pool.js'
import { fullHostName } from './host-name.js'

/** @throws SeraError usage, config */
export function pool(_: readonly string[], options: RunOptions): Task {
  const url = serverUrl(given('-H', options.host), options.port)
  const name = checkName('pool', given('-r', options.pool))
  const bearer = readToken(options.tokenFile)
  const as = options.as === undefined ? undefined : checkName('host', options.as)
  const lock = `pool/${name}`
  const open = async (context: RunContext) => {
    const { clock, random } = context.host
    const client = new PoolClient(url, name, as ?? (await fullHostName(clock)), random.id(16), bearer, clock)
    return poolSource(client, `${lock}@${as ?? ''}`, context)
  }
  return context => {
    const source = { lock, server: as ?? '', open: () => open(context) }
    return runLocked(source, { ...context, command: argvOf(context.command) })
  }
}

function given(flag: string, value: string | undefined): string {
  if (value !== undefined) return value
  throw new SeraError('usage', `${flag} is missing; usage: sera pool -H HOST -r POOL <command…>`)
}

/** A shell runs a command that is one word with blanks, as in the original. */
function argvOf(command: readonly string[]): readonly string[] {
  const [first = ''] = command
  return command.length === 1 && /\s/.test(first) ? ['/bin/sh', '-c', first] : command
}
