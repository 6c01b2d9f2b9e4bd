/**
 * What is in use in the lock tables and by GET_LOCK, for people. Plain SELECTs read a consistent snapshot, take no
 * locks, and delay no step.
 */

import type { ClaimWithOwner, Resource, ResourceKey } from '../claims/model.js'
import type { Deadline } from '../deadline.js'
import { type GetLock, type GetLockSnapshot, readGetLocks } from './get-lock/snapshot.js'
import type { Row } from './mysql/connection.js'
import { errorCode } from './mysql/retry.js'
import {
  claimsWithOwnerOf,
  NOW,
  RESOURCE_COLUMNS,
  resourceOf,
  SNAPSHOT_COLUMNS,
  type Statement,
} from './tables/claim-sql.js'
import { type RetryingClient, SEPARATOR } from './tables/retrying-client.js'
import { NO_TABLES, type TableConnection } from './tables/table-connection.js'

/** What to read: everything, one kind, or one resource. */
export interface SnapshotQuery {
  kind?: string | undefined
  /** The names to look for: a mutex has its name and the hash of that name. */
  names?: readonly string[] | undefined
  /** The names of the GET_LOCK locks to read, or all; undefined for none. */
  getLocks: readonly string[] | 'all' | undefined
  /** Include the claims' payloads. */
  payloads?: boolean
}

/** A resource that is held, has waiters, or keeps data. */
export interface ResourceSnapshot {
  key: ResourceKey
  resource: Resource
  /** In order of arrival. */
  claims: readonly ClaimWithOwner[]
}

export interface StoreSnapshot {
  /** The server that was asked. */
  server: string
  /** The server's clock, µs since 1970. */
  now: number
  resources: readonly ResourceSnapshot[]
  /** There are more unused resources than this; the newest are included. */
  isCut: boolean
  getLocks: readonly GetLock[]
  /** What the account could not see, and how to change that. */
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

/** Limit for resources that keep data but have no claim: there may be many keys of `once`. */
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

/** Starts at the claims, which are few, unless the resources are named: for such a table the server's statistics are poor. */
function claimedStatement(namespace: string, wanted: SnapshotQuery): Statement {
  const { sql, values } = condition(namespace, wanted)
  const columns = `${SNAPSHOT_COLUMNS}${wanted.payloads ? ', c.payload' : ''}`
  const join = wanted.names ? 'JOIN' : 'STRAIGHT_JOIN'
  return {
    sql: `SELECT ${columns} FROM sera_claim c ${join} sera_resource r ON r.id = c.resource_id WHERE ${sql}`,
    values,
  }
}

/** The newest resources that keep data without a claim, by an index of these alone: the server reads only what it returns. */
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

/** The prefix of the names in a namespace. */
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
    const claims = claimsWithOwnerOf(group.filter(({ id }) => id !== undefined))
    return { key: { kind: String(first.kind), name }, resource: resourceOf(first), claims }
  })
}

function whyNone({ dsn, database }: TableConnection, error: unknown): string {
  switch (errorCode(error)) {
    case 'ER_TABLEACCESS_DENIED_ERROR':
      return `The lock tables can't be read: ${dsn.user} needs SELECT on ${database}.*`
    case 'ER_NO_DB_ERROR':
      return `No lock tables are listed: the DSN names no database, and ${dsn.user} sees none called ${database}.`
    default:
      return `There are no lock tables in database ${database}.`
  }
}
