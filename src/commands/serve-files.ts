/** The files that `sera serve` is given. */
import { SeraError } from '../errors.js'
import type { Tls } from '../gateway/listen.js'
import { type Pool, readPools } from '../gateway/pools-file.js'
import { readGiven } from './given-file.js'

/** @throws SeraError config, usage */
export function readTls(cert: string | undefined, key: string | undefined): Tls | undefined {
  if (cert === undefined && key === undefined) return undefined
  if (cert !== undefined && key !== undefined)
    return { cert: readGiven('--tls-cert', cert), key: readGiven('--tls-key', key) }
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
    const { pools, warnings } = readPools(readGiven('--pools', this.file), this.file)
    for (const warning of warnings) this.warn(warning)
    this.current = pools
  }
}
