/**
 * All that is in use at the lock tables and by GET_LOCK, as people want to see it. Plain SELECTs: they read a consistent
 * snapshot, take no locks, and delay nobody, however long somebody else's step has its rows.
 */
import { type Calls, SEPARATOR } from './calls.js'
import { contendersOf, NOW, RESOURCE_COLUMNS, resourceOf, SURVEYED_COLUMNS } from './claim-rows.js'
import type { Contender, Patience, Resource, ResourceKey } from './claims.js'
import type { Row } from './connection.js'
import { type GetLock, type GetLockSurvey, surveyGetLocks } from './get-lock-survey.js'
import { errorCode } from './retry.js'
import { NO_TABLES, type TableConnection } from './table-connection.js'

/** What is asked for: everything, a kind, or one resource. */
export interface Wanted {
  kind?: string | undefined
  /** As what it may be known: a mutex by its name or by the hash of that. */
  names?: readonly string[] | undefined
  /** The locks of GET_LOCK to ask for: those of these names, or all; undefined for none. */
  getLocks: readonly string[] | 'all' | undefined
  /** Also what the claims have to tell those whom they meet. */
  payloads?: boolean
}

/** A resource that is held, waited for, or that remembers something. */
export interface Surveyed {
  key: ResourceKey
  resource: Resource
  /** In order of arrival. */
  claims: readonly Contender[]
}

export interface Survey {
  /** The server that was asked. */
  server: string
  /** By its clock, µs since 1970. */
  now: number
  resources: readonly Surveyed[]
  /** There are more that nobody is at; the newest of them are here. */
  isCut: boolean
  getLocks: readonly GetLock[]
  /** What could not be seen, and what would help. */
  unseen: readonly string[]
}

/** @throws SeraError lock-failed */
export function survey(calls: Calls, wanted: Wanted, patience: Patience): Promise<Survey> {
  return calls.persist(async connection => {
    const [clock = {}] = await connection.query(`SELECT ${NOW} AS now`)
    const tables = await surveyTables(connection, calls.options.namespace, wanted)
    const { locks, unseen } = wanted.getLocks ? await surveyGetLocks(connection, wanted.getLocks) : NO_GET_LOCKS
    const hidden = [tables.unseen, unseen].filter(text => text !== undefined)
    return { ...tables, server: calls.server, now: Number(clock.now), getLocks: locks, unseen: hidden }
  }, patience)
}

const NO_GET_LOCKS: GetLockSurvey = { locks: [], unseen: undefined }

interface TableSurvey extends Pick<Survey, 'resources' | 'isCut'> {
  unseen: string | undefined
}

/** Of those that remember something and nobody is at: keys that ran once may be many. */
const MOST_IDLE = 100

async function surveyTables(connection: TableConnection, namespace: string, wanted: Wanted): Promise<TableSurvey> {
  const { sql, values } = condition(namespace, wanted)
  try {
    const payloads = wanted.payloads ? ', c.payload' : ''
    const claimed = await connection.query(`SELECT ${SURVEYED_COLUMNS}${payloads} ${CLAIMED} WHERE ${sql}`, values)
    const idle = await connection.query(`${IDLE} AND ${sql} ORDER BY r.version DESC LIMIT ${MOST_IDLE + 1}`, values)
    const resources = resourcesOf([...claimed, ...idle.slice(0, MOST_IDLE)], namespace)
    return { resources, isCut: idle.length > MOST_IDLE, unseen: undefined }
  } catch (error) {
    if (!NO_TABLES.includes(errorCode(error) ?? '')) throw error
    return { resources: [], isCut: false, unseen: whyNone(connection, error) }
  }
}

const CLAIMED = `FROM sera_claim c JOIN sera_resource r ON r.id = c.resource_id`

/** Whatever has a record has a value, too: until when it is kept. So the index finds them, among however many unused names. */
const IDLE = `SELECT r.kind, r.name, ${RESOURCE_COLUMNS} FROM sera_resource r
  WHERE r.value <> 0 AND NOT EXISTS (SELECT 1 FROM sera_claim WHERE resource_id = r.id)`

/** Names begin with the namespace; those without one have no separator in them. */
function condition(namespace: string, { kind, names }: Wanted): { sql: string; values: unknown[] } {
  const prefix = prefixOf(namespace)
  const mine = prefix === '' ? 'LOCATE(?, r.name) = 0' : 'LEFT(r.name, CHAR_LENGTH(?)) = ?'
  const values: unknown[] = prefix === '' ? [SEPARATOR] : [prefix, prefix]
  const ofKind = kind === undefined ? '' : ' AND r.kind = ?'
  const named = names === undefined ? '' : ' AND r.name IN (?)'
  if (kind !== undefined) values.push(kind)
  if (names !== undefined) values.push(names.map(name => `${prefix}${name}`))
  return { sql: `${mine}${ofKind}${named}`, values }
}

function prefixOf(namespace: string): string {
  return namespace === '' ? '' : `${namespace}${SEPARATOR}`
}

function resourcesOf(rows: readonly Row[], namespace: string): Surveyed[] {
  const byId = new Map<unknown, Row[]>()
  for (const row of rows) {
    const group = byId.get(row.resource_id)
    if (group) group.push(row)
    else byId.set(row.resource_id, [row])
  }
  return [...byId.values()].map(group => {
    const [first = {}] = group
    const name = String(first.name).slice(prefixOf(namespace).length)
    const claims = contendersOf(group.filter(({ id }) => id !== undefined))
    return { key: { kind: String(first.kind), name }, resource: resourceOf(first), claims }
  })
}

function whyNone({ dsn, database }: TableConnection, error: unknown): string {
  switch (errorCode(error)) {
    case 'ER_TABLEACCESS_DENIED_ERROR':
      return `The lock tables can't be read: ${dsn.user} needs SELECT on ${database}.*`
    case 'ER_NO_DB_ERROR':
      return `Lock tables are not seen: the DSN names no database, and there is none called ${database} for ${dsn.user}.`
    default:
      return `There are no lock tables in database ${database}.`
  }
}
