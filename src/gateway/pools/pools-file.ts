/**
 * The pools that a gateway serves, as Distributex has them in its YAML file:
 *
 *     pools:
 *       - name: nightly
 *         expire: 300             # seconds or 5m; 1800 when absent, 0: never
 *         maxlocks: 2             # 1 when absent
 *         servers: web-1, web-2   # every host when absent; a list will do, too
 *
 * Source: github.com/calston/distributex, README.md and distributex/service.py.
 */
import { duration, located, unexpected } from '../../config/values.js'
import { SeraError } from '../../errors.js'
import { checkCount, checkName } from '../../primitives/names.js'
import { LocatedYaml, type Path } from './yaml-errors.js'

export interface PoolEntry {
  readonly name: string
  /** For how long a host has it that does not renew, from its grant on; Infinity: until it gives it back. */
  readonly expireMs: number
  readonly maxLocks: number
  /** The hosts that may; undefined: all. */
  readonly servers: readonly string[] | undefined
}

export interface Pools {
  pools: ReadonlyMap<string, PoolEntry>
  /** What is odd but no error, one line each. */
  warnings: string[]
}

const EXPIRE_MS = 1_800_000
/** Where Distributex keeps its locks is of no meaning here. */
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
  if (list.length === 0) yaml.warn(['pools'], 'there is none')
  const pools = new Map<string, PoolEntry>()
  for (const at of list.keys()) {
    const pool = readPool(yaml, ['pools', at])
    if (pools.has(pool.name)) throw yaml.wrong(['pools', at, 'name'], `there is a pool ${pool.name} before`)
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
    maxLocks: read('maxlocks', (given = 1) => checkCount('how many hosts', given)),
    servers: read('servers', given => (given === undefined ? undefined : hostsOf(given))),
  }
}

function nameOf(given: unknown): string {
  if (typeof given !== 'string') throw unexpected('text (in quotes where it looks like something else)', given)
  return checkName('pool', given)
}

function expireOf(given: unknown): number {
  if (given === undefined) return EXPIRE_MS
  return duration.json(given) || Number.POSITIVE_INFINITY
}

/** In Distributex one text with commas, from which blanks are dropped. */
function hostsOf(given: unknown): string[] {
  const hosts = typeof given === 'string' ? given.replaceAll(' ', '').split(',') : given
  if (Array.isArray(hosts) && hosts.length > 0 && hosts.every(host => typeof host === 'string' && host !== ''))
    return hosts
  throw new SeraError('config', 'expected hosts, as in "web-1, web-2"; leave it out to allow all')
}
