/** The exact statements of a client of version 2, on a connection of its own. */
import type mysql from 'mysql2/promise'

const NOW = `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))`

const RESOURCE_COLUMNS = `r.id AS resource_id, r.version, r.granted_token, r.capacity, r.value,
  r.generation AS resource_generation, r.record, ${NOW} AS now`

const BUMP = `UPDATE sera_resource SET version = GREATEST(version + ?, ${NOW}) WHERE kind = ? AND name = ?`

const UNUSED_SINCE = `version < ${NOW} - 7 * 86400 * 1000000
  AND (value = 0 AND record IS NULL OR value BETWEEN 1 AND ${NOW} AND record IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM sera_claim WHERE resource_id = sera_resource.id)`

const UNUSED = `SELECT id FROM sera_resource WHERE ${UNUSED_SINCE} LIMIT 10`

const SWEEP = `DELETE FROM sera_resource WHERE ${UNUSED_SINCE} AND id IN (?)`

const MAKE = `INSERT INTO sera_resource (kind, name, version) VALUES (?, ?, ${NOW})`

const READ_OLDEST = `SELECT ${RESOURCE_COLUMNS}, c.id, c.ticket, c.state, c.process_id, c.token, c.mode, c.units, c.slot, c.tag,
  c.lease_ms, c.renewals, TIMESTAMPDIFF(MICROSECOND, c.expires_at, UTC_TIMESTAMP(6)) AS overdue
FROM sera_resource r LEFT JOIN (SELECT * FROM sera_claim
  WHERE resource_id = (SELECT id FROM sera_resource WHERE kind = ? AND name = ?) ORDER BY ticket LIMIT ?) c
  ON c.resource_id = r.id WHERE r.kind = ? AND r.name = ?`

const INSERT = `INSERT INTO sera_claim (id, resource_id, ticket, process_id, host, pid, user, command, state, token, mode,
  units, slot, generation, tag, labels, selector, payload, result, lease_ms, renewals, expires_at, requested_at, granted_at)
  VALUES (?, ?, ?, 'p', 'old-host', 1, 'u', 'c', 'granted', ?, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 60000, 1,
  UTC_TIMESTAMP(6) + INTERVAL 60 SECOND, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))`

const CHANGE = `UPDATE sera_resource SET granted_token = ?, capacity = ?, value = ?, generation = ?, record = ? WHERE id = ?`

const ENTRY = `INSERT INTO sera_history (kind, name, token, host, pid, user, command,
  requested_at, granted_at, released_at, outcome, exit_code)
VALUES (?, ?, NULL, 'old-host', 1, 'u', 'c', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), 'ran', 0)`

export class OlderClient {
  constructor(readonly connection: mysql.Connection) {}

  /** One step that grants a claim, up to its COMMIT, and gives the resource this value and record. */
  async grant(kind: string, name: string, id: string, value = 0, record: string | null = null): Promise<void> {
    await this.#run('START TRANSACTION')
    const [bumped] = await this.connection.query<mysql.ResultSetHeader>(BUMP, [1, kind, name])
    if (bumped.affectedRows === 0) await this.#make(kind, name)
    const [row] = await this.#rows(READ_OLDEST, [kind, name, 2, kind, name])
    await this.#run(INSERT, [id, row?.resource_id, row?.version, row?.version])
    await this.#run(CHANGE, [row?.version, null, value, 0, record, row?.resource_id])
  }

  async commit(): Promise<void> {
    await this.#run('COMMIT')
  }

  async release(id: string): Promise<void> {
    await this.#run('DELETE FROM sera_claim WHERE id = ?', [id])
  }

  /** One entry in the history. */
  async record(kind: string, name: string): Promise<void> {
    await this.#run(ENTRY, [kind, name])
  }

  async #make(kind: string, name: string): Promise<void> {
    const unused = await this.#rows(UNUSED)
    if (unused.length > 0) await this.#run(SWEEP, [unused.map(({ id }) => id)])
    await this.#run(MAKE, [kind, name])
  }

  async #run(sql: string, values: unknown[] = []): Promise<void> {
    await this.connection.query(sql, values)
  }

  async #rows(sql: string, values: unknown[] = []): Promise<mysql.RowDataPacket[]> {
    const [rows] = await this.connection.query<mysql.RowDataPacket[]>(sql, values)
    return rows
  }
}
