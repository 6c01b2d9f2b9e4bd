/**
 * Servers on which GET_LOCK does not lock. A GET_LOCK exists in the memory of one server. Where several members accept
 * writes, hosts connected to different members hold "the same" lock at once (measured on Galera and on Group
 * Replication, in every mode), and a failover loses it. A read-only server is a replica, or a primary that was just
 * replaced: other hosts lock on another server.
 *
 * One table has both each rule in SQL and its reason in words. The SET that begins every session applies the rules: the check
 * costs no round trip, and sera does not wait in GET_LOCK on a server where it does not lock. The check needs no privilege.
 */
import type { EngineChoice } from '../../config/settings.js'
import { SeraError } from '../../errors.js'
import { lockSessionSettings } from '../mysql/session-settings.js'

interface Unsupported {
  variable: string
  when: string
  reason: string
  /** The engine `lease` locks safely there. */
  leasable?: boolean
}

/** The SET is read in the server's own sql_mode, in which '' may be NULL (EMPTY_STRING_IS_NULL). */
const IS_NOT_EMPTY = "LIKE '_%'"

const MULTI_PRIMARY: Unsupported[] = [
  {
    variable: 'wsrep_on',
    when: "= 'ON'",
    leasable: true,
    reason: 'it is a Galera member, and GET_LOCK is local to each member',
  },
  {
    variable: 'group_replication_single_primary_mode',
    when: "= 'OFF'",
    leasable: true,
    reason: 'it is a Group Replication member in multi-primary mode, and GET_LOCK is local to each member',
  },
  {
    variable: 'ndb_connectstring',
    when: IS_NOT_EMPTY,
    reason: 'it is an NDB Cluster node, and GET_LOCK is local to each node',
  },
  { variable: 'read_only', when: "<> 'OFF'", reason: 'it is read-only: a replica, or a primary that was replaced' },
]

/** Safe as long as the primary stays, so it is allowed only with `--engine get_lock`. */
const SINGLE_PRIMARY: Unsupported = {
  variable: 'group_replication_group_name',
  when: IS_NOT_EMPTY,
  leasable: true,
  reason: 'it is a Group Replication member, and GET_LOCK does not survive a failover (--engine get_lock accepts that)',
}

/** The rules that apply. With `allowMultiPrimary` there are none: the user connects every host to one member. */
export function supportRules(engine: EngineChoice, allowMultiPrimary: boolean): readonly Unsupported[] {
  if (allowMultiPrimary) return []
  return engine === 'get_lock' ? MULTI_PRIMARY : [...MULTI_PRIMARY, SINGLE_PRIMARY]
}

/** Sets up the session. `@sera_void` is then the name of a variable because of which GET_LOCK does not lock here, or NULL. */
export function setupStatement(rules: readonly Unsupported[], leaseMs: number, isMariaDb: boolean): string {
  return `SET SESSION ${lockSessionSettings(isMariaDb, leaseMs)}, @sera_void = ${supportExpression(rules, isMariaDb)}`
}

/** As an expression: the name of a variable because of which GET_LOCK does not lock here, or NULL. */
export function supportExpression(rules: readonly Unsupported[], isMariaDb: boolean): string {
  if (rules.length === 0) return 'NULL'
  const variables = isMariaDb ? 'information_schema.GLOBAL_VARIABLES' : 'performance_schema.global_variables'
  const tests = rules.map(({ variable, when }) => `VARIABLE_NAME = '${variable}' AND VARIABLE_VALUE ${when}`)
  return `(SELECT MAX(LOWER(VARIABLE_NAME)) FROM ${variables} WHERE ${tests.join(' OR ')})`
}

/** GET_LOCK does not lock on this server. */
export class UnsupportedServer extends SeraError {
  readonly remedy: string

  constructor(
    readonly reason: string,
    /** The engine `lease` locks safely there. */
    readonly leasable: boolean,
  ) {
    const remedy = leasable
      ? 'use --engine lease, or point every host at one primary and set allowMultiPrimary'
      : 'point every host at one primary and set allowMultiPrimary, or use a plain server'
    super('lock-failed', `GET_LOCK cannot lock safely on this server: ${reason}; ${remedy}`)
    this.remedy = remedy
  }
}

/** The error for a server that matches the rule about this variable. */
export function unsupportedServer(rules: readonly Unsupported[], variable: string): UnsupportedServer {
  const rule = rules.find(one => one.variable === variable)
  return new UnsupportedServer(rule?.reason ?? variable, rule?.leasable ?? false)
}
