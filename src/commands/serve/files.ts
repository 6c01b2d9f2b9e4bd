/** Reads the files that the flags of `sera serve` name. */
import { createSecureContext } from 'node:tls'
import { readGiven } from '../../cli/args/file-argument.js'
import { SeraError } from '../../errors.js'
import type { Tls } from '../../gateway/http/listen.js'
import { type PoolEntry, readPools } from '../../gateway/pools/pools-file.js'

const WRONG = 'the files must be a certificate and its private key, both as PEM'

/** @throws SeraError config, usage */
export function readTls(cert: string | undefined, key: string | undefined): Tls | undefined {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined)
    throw new SeraError('usage', '--tls-cert and --tls-key need each other; give both')
  const tls = { cert: readGiven('--tls-cert', cert), key: readGiven('--tls-key', key) }
  try {
    createSecureContext(tls)
  } catch (cause) {
    const reason = /bad decrypt|passphrase/.test(String(cause))
      ? 'the key has a password; use a key without one'
      : WRONG
    throw new SeraError('config', `--tls-cert ${cert} and --tls-key ${key}: ${reason}`, { cause })
  }
  return tls
}

/** The pools of the pools file. If a reload fails, it is reported and the current pools stay. */
export class PoolsFile {
  current: ReadonlyMap<string, PoolEntry> = new Map()

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
      this.warn(`${(error as Error).message}; the current pools stay in use`)
    }
  }

  #read(): void {
    if (this.file === undefined) return
    const { pools, warnings } = readPools(readGiven('--pools', this.file), this.file)
    for (const warning of warnings) this.warn(warning)
    this.current = pools
  }
}
