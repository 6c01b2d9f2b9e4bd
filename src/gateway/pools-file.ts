/** The pools file. */

export interface Pool {
  name: string
  /** Infinity: never. */
  expireMs: number
  maxLocks: number
  /** Who may use it; undefined: everybody. */
  servers: readonly string[] | undefined
}

/** @throws SeraError config, naming line and key */
export function readPools(
  _text: string,
  _file: string,
): { pools: ReadonlyMap<string, Pool>; warnings: readonly string[] } {
  return { pools: new Map(), warnings: [] }
}
