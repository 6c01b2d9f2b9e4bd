/** The files that `sera serve` is given. */
import { readFileSync } from 'node:fs'
import { SeraError } from '../errors.js'
import type { Tls } from '../gateway/listen.js'
import { type Pool, readPools } from '../gateway/pools-file.js'

/** So short a token can be guessed. */
const SHORTEST_TOKEN = 16

/** @throws SeraError config */
export function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const token = read('--token-file', file).trim()
  if (token.length >= SHORTEST_TOKEN && /^[!-~]+$/.test(token)) return token
  const remedy = 'openssl rand -hex 32 makes one'
  throw new SeraError(
    'config',
    `--token-file ${file}: a token is one word of ${SHORTEST_TOKEN} characters or more (${remedy})`,
  )
}

/** @throws SeraError config, usage */
export function readTls(cert: string | undefined, key: string | undefined): Tls | undefined {
  if (cert === undefined && key === undefined) return undefined
  if (cert !== undefined && key !== undefined) return { cert: read('--tls-cert', cert), key: read('--tls-key', key) }
  throw new SeraError('usage', '--tls-cert and --tls-key go together')
}

/** The pools as their file says; one that is wrong is told of, and changes nothing while the gateway runs. */
export class PoolsFile {
  current: ReadonlyMap<string, Pool> = new Map()

  /** @throws SeraError config */
  constructor(
    readonly file: string | undefined,
    readonly warn: (message: string) => void,
  ) {
    this.#read()
  }

  reload(): void {
    try {
      this.#read()
    } catch (error) {
      this.warn(`${(error as Error).message}; the pools stay as they were`)
    }
  }

  #read(): void {
    if (this.file === undefined) return
    const { pools, warnings } = readPools(read('--pools', this.file), this.file)
    for (const warning of warnings) this.warn(warning)
    this.current = pools
  }
}

function read(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SeraError('config', `${flag} ${file}: ${(cause as Error).message}`, { cause })
  }
}
