/**
 * Reads the pools file, which has the format of Distributex' YAML file:
 *
 *     pools:
 *       - name: nightly
 *         expire: 300             # seconds, or 5m; default 1800, 0: never
 *         maxlocks: 2             # default 1
 *         servers: web-1, web-2   # or a list; default: every host
 *
 * Source: github.com/calston/distributex, README.md and distributex/service.py.
 */
import { duration, located, unexpected } from '../../config/values.js'
import { SeraError } from '../../errors.js'
import { checkCount, checkName } from '../../primitives/names.js'
import { LocatedYaml, type Path } from './yaml-errors.js'

export interface PoolEntry {
  readonly name: string
  /** How long a host that does not renew holds the pool, from the grant on. Infinity: until it releases the pool. */
  readonly expireMs: number
  readonly maxLocks: number
  /** The hosts that may hold it; undefined: all. */
  readonly servers: readonly string[] | undefined
}

export interface Pools {
  pools: ReadonlyMap<string, PoolEntry>
  /** One line each. */
  warnings: string[]
}

const EXPIRE_MS = 1_800_000
/** The keys for Distributex' own storage are accepted and ignored. */
const FILE_KEYS = ['pools', 'backend', 'memcachehost', 'memcacheport']
const POOL_KEYS = ['name', 'expire', 'maxlocks', 'servers']

/**
 * @param file its name, for messages
 * @throws SeraError config: one line that names file, line and key
 * @example readPools('pools: [{ name: nightly, expire: 300 }]', 'pools.yaml').pools.get('nightly')
 */
export function readPools(text: string, file: string): Pools {
  const yaml = new LocatedYaml(text, file)
  const list = yaml.object([], FILE_KEYS).pools
  if (!Array.isArray(list)) throw yaml.wrong(['pools'], unexpected('a list of pools', list).message)
  if (list.length === 0) yaml.warn(['pools'], 'the list is empty')
  const pools = new Map<string, PoolEntry>()
  for (const at of list.keys()) {
    const pool = readPool(yaml, ['pools', at])
    if (pools.has(pool.name))
      throw yaml.wrong(['pools', at, 'name'], `duplicate pool ${pool.name}: give each pool its own name`)
    pools.set(pool.name, pool)
  }
  return { pools, warnings: yaml.warnings }
}

function readPool(yaml: LocatedYaml, at: Path): PoolEntry {
  const values = yaml.object(at, POOL_KEYS)
  const read = <T>(key: string, value: (given: unknown) => T): T =>
    located(yaml.placeOf([...at, key]), 'config', () => value(values[key]))
  return {
    name: read('name', nameOf),
    expireMs: read('expire', expireOf),
    maxLocks: read('maxlocks', (given = 1) => checkCount('number of hosts', given)),
    servers: read('servers', given => (given === undefined ? undefined : hostsOf(given))),
  }
}

function nameOf(given: unknown): string {
  if (typeof given !== 'string') throw unexpected('text (put a number or yes/no in quotes)', given)
  return checkName('pool', given)
}

function expireOf(given: unknown): number {
  if (given === undefined) return EXPIRE_MS
  return duration.json(given) || Number.POSITIVE_INFINITY
}

/** A list, or one text with commas as in Distributex, which drops blanks. */
function hostsOf(given: unknown): string[] {
  const hosts = typeof given === 'string' ? given.replaceAll(' ', '').split(',') : given
  if (Array.isArray(hosts) && hosts.length > 0 && hosts.every(host => typeof host === 'string' && host !== ''))
    return hosts
  throw new SeraError('config', 'expected hosts, such as "web-1, web-2"; leave it out to allow every host')
}
