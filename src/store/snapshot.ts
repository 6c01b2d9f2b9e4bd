/**
 * All that is in use at the lock tables and by GET_LOCK, as people want to see it. Plain SELECTs: they read a consistent
 * snapshot, take no locks, and delay nobody, however long somebody else's step has its rows.
 */

import type { ClaimWithOwner, Resource, ResourceKey } from '../claims/model.js'
import type { Deadline } from '../deadline.js'
import { type GetLock, type GetLockSnapshot, readGetLocks } from './get-lock/snapshot.js'
import type { Row } from './mysql/connection.js'
import { errorCode } from './mysql/retry.js'
import {
  contendersOf,
  NOW,
  RESOURCE_COLUMNS,
  resourceOf,
  type Statement,
  SURVEYED_COLUMNS,
} from './tables/claim-sql.js'
import { type RetryingClient, SEPARATOR } from './tables/retrying-client.js'
import { NO_TABLES, type TableConnection } from './tables/table-connection.js'

/** What is asked for: everything, a kind, or one resource. */
export interface SnapshotQuery {
  kind?: string | undefined
  /** As what it may be known: a mutex by its name or by the hash of that. */
  names?: readonly string[] | undefined
  /** The locks of GET_LOCK to ask for: those of these names, or all; undefined for none. */
  getLocks: readonly string[] | 'all' | undefined
  /** Also what the claims have to tell those whom they meet. */
  payloads?: boolean
}

/** A resource that is held, waited for, or that remembers something. */
export interface ResourceSnapshot {
  key: ResourceKey
  resource: Resource
  /** In order of arrival. */
  claims: readonly ClaimWithOwner[]
}

export interface StoreSnapshot {
  /** The server that was asked. */
  server: string
  /** By its clock, µs since 1970. */
  now: number
  resources: readonly ResourceSnapshot[]
  /** There are more that nobody is at; the newest of them are here. */
  isCut: boolean
  getLocks: readonly GetLock[]
  /** What could not be seen, and what would help. */
  unseen: readonly string[]
}

/** @throws SeraError lock-failed */
export function readSnapshot(
  client: RetryingClient,
  wanted: SnapshotQuery,
  deadline: Deadline,
): Promise<StoreSnapshot> {
  return client.persist(async connection => {
    const [clock = {}] = await connection.query(`SELECT ${NOW} AS now`)
    const tables = await readTables(connection, client.options.namespace, wanted)
    const { locks, unseen } = wanted.getLocks ? await readGetLocks(connection, wanted.getLocks) : NO_GET_LOCKS
    const hidden = [tables.unseen, unseen].filter(text => text !== undefined)
    return { ...tables, server: client.server, now: Number(clock.now), getLocks: locks, unseen: hidden }
  }, deadline)
}

const NO_GET_LOCKS: GetLockSnapshot = { locks: [], unseen: undefined }

interface TableSnapshot extends Pick<StoreSnapshot, 'resources' | 'isCut'> {
  unseen: string | undefined
}

/** Of those that remember something and nobody is at: keys that ran once may be many. */
const MOST_IDLE = 100

async function readTables(
  connection: TableConnection,
  namespace: string,
  wanted: SnapshotQuery,
): Promise<TableSnapshot> {
  const [claimed, kept] = [claimedStatement(namespace, wanted), keptStatement(namespace, wanted)]
  try {
    const inUse = await connection.query(claimed.sql, claimed.values)
    const idle = await connection.query(kept.sql, kept.values)
    const resources = resourcesOf([...inUse, ...idle.slice(0, MOST_IDLE)], namespace)
    return { resources, isCut: idle.length > MOST_IDLE, unseen: undefined }
  } catch (error) {
    if (!NO_TABLES.includes(errorCode(error) ?? '')) throw error
    return { resources: [], isCut: false, unseen: whyNone(connection, error) }
  }
}

/** Starts at the claims, which are few, unless the resources are named: a server may know too little of a table that changes so often. */
function claimedStatement(namespace: string, wanted: SnapshotQuery): Statement {
  const { sql, values } = condition(namespace, wanted)
  const columns = `${SURVEYED_COLUMNS}${wanted.payloads ? ', c.payload' : ''}`
  const join = wanted.names ? 'JOIN' : 'STRAIGHT_JOIN'
  return {
    sql: `SELECT ${columns} FROM sera_claim c ${join} sera_resource r ON r.id = c.resource_id WHERE ${sql}`,
    values,
  }
}

/** The newest of those that are kept without a claim, in the order of an index that has no others: it reads no more than it returns. */
function keptStatement(namespace: string, wanted: SnapshotQuery): Statement {
  const { sql, values } = condition(namespace, wanted)
  const index = wanted.names ? '' : `FORCE INDEX (${wanted.kind === undefined ? 'kept' : 'kept_of_kind'})`
  return {
    sql: `SELECT r.kind, r.name, ${RESOURCE_COLUMNS} FROM sera_resource r ${index}
  WHERE ${sql} AND r.kept_version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sera_claim WHERE resource_id = r.id)
  ORDER BY r.kept_version DESC LIMIT ${MOST_IDLE + 1}`,
    values,
  }
}

function condition(namespace: string, { kind, names }: SnapshotQuery): Statement {
  const ofKind = kind === undefined ? '' : ' AND r.kind = ?'
  const named = names === undefined ? '' : ' AND r.name IN (?)'
  const values: unknown[] = [namespace]
  if (kind !== undefined) values.push(kind)
  if (names !== undefined) values.push(names.map(name => `${prefixOf(namespace)}${name}`))
  return { sql: `r.namespace = ?${ofKind}${named}`, values }
}

/** What the names of a namespace begin with. */
function prefixOf(namespace: string): string {
  return namespace === '' ? '' : `${namespace}${SEPARATOR}`
}

function resourcesOf(rows: readonly Row[], namespace: string): ResourceSnapshot[] {
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
