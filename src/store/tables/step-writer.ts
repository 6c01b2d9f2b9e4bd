/** Writes the decision of a step and counts every row: a wrong count means that a row changed after it was read. */
import type { Change, Claim, ClaimChange, Resource } from '../../claims/model.js'
import type { Owner } from '../../claims/owner.js'
import { contentionError } from '../mysql/retry.js'
import type { TableConnection } from './table-connection.js'

export class StepWriter {
  constructor(
    readonly connection: TableConnection,
    readonly resourceId: number,
    /** As read, with the bumped version. */
    readonly resource: Resource,
  ) {}

  /** Deletes the dead claims that were not renewed since they were read. */
  async reap(dead: readonly Claim[]): Promise<void> {
    for (const { id, renewals } of dead) {
      await this.#expect(1, 'DELETE FROM sera_claim WHERE id = ? AND renewals = ?', [id, renewals])
    }
  }

  /** Writes a change, except the new state of my own claim; also removes that claim. */
  async write(change: Change, living: readonly Claim[], mine: string): Promise<void> {
    await this.#changeResource(change)
    for (const group of alike(change.claims ?? [], living).filter(({ ids }) => !ids.includes(mine) || ids.length > 1)) {
      const ids = group.ids.filter(id => id !== mine)
      await this.#expect(ids.length, `UPDATE sera_claim SET ${SET_STATE} WHERE id IN (?) AND state = ?`, [
        ...this.#stateValues(group.to),
        ids,
        group.from,
      ])
    }
    const { notified = [] } = change
    if (notified.length > 0) {
      const sql = 'UPDATE sera_claim SET generation = ? WHERE id IN (?)'
      await this.#expect(notified.length, sql, [this.resource.version, notified])
    }
    const written = (change.remove ?? []).filter(id => living.some(claim => claim.id === id && claim.renewals > 0))
    if (written.length > 0) await this.#expect(written.length, 'DELETE FROM sera_claim WHERE id IN (?)', [written])
  }

  /** Renews my existing claim and writes its new state. */
  async renew(mine: Claim, before: Claim): Promise<void> {
    const lease = `renewals = renewals + 1, expires_at = ${LEASE_FROM_NOW}`
    const values = mine.state === before.state ? [] : this.#stateValues(mine)
    const set = mine.state === before.state ? lease : `${lease}, ${SET_STATE}`
    await this.#expect(1, `UPDATE sera_claim SET ${set} WHERE id = ? AND state = ?`, [
      mine.leaseMs * 1000,
      ...values,
      mine.id,
      before.state,
    ])
  }

  async insert(...all: readonly { mine: Claim; owner: Owner }[]): Promise<void> {
    const values = all.flatMap(({ mine, owner }) => [
      ...[mine.id, this.resourceId, mine.ticket, mine.processId, owner.host, owner.pid, owner.user, owner.command],
      ...[mine.state, mine.token, mine.mode, mine.units, mine.slot, mine.generation, mine.tag, mine.labels],
      ...[mine.selector, mine.payload, mine.result, mine.leaseMs, mine.leaseMs * 1000, mine.state],
    ])
    await this.connection.change(`${INSERT} ${all.map(() => ROW).join(', ')}`, values)
  }

  async #changeResource(change: Change): Promise<void> {
    const granted = change.claims?.some(({ state }) => state === 'granted')
    if (!granted && !change.resource) return
    const { capacity, value, generation, record } = { ...this.resource, ...change.resource }
    const token = granted ? this.resource.version : this.resource.grantedToken
    await this.#expect(
      1,
      'UPDATE sera_resource SET granted_token = ?, capacity = ?, value = ?, generation = ?, record = ? WHERE id = ?',
      [token, capacity, value, generation, record, this.resourceId],
    )
  }

  #stateValues({ state, slot, generation, result, leaseMs, processId }: Omit<ClaimChange, 'id'>): unknown[] {
    const isGranted = state === 'granted'
    const token = isGranted ? this.resource.version : null
    return [state, token, slot, generation, result, leaseMs, processId, isGranted]
  }

  async #expect(rows: number, sql: string, values: unknown[]): Promise<void> {
    const changed = await this.connection.change(sql, values)
    if (changed.rows !== rows) throw contentionError()
  }
}

const LEASE_FROM_NOW = 'UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND'

const SET_STATE = `state = ?, token = COALESCE(?, token), slot = COALESCE(?, slot),
  generation = COALESCE(?, generation), result = COALESCE(?, result), lease_ms = COALESCE(?, lease_ms),
  process_id = COALESCE(?, process_id), granted_at = IF(?, UTC_TIMESTAMP(6), granted_at)`

const INSERT = `INSERT INTO sera_claim (id, resource_id, ticket, process_id, host, pid, user, command, state, token, mode,
  units, slot, generation, tag, labels, selector, payload, result, lease_ms, renewals, expires_at, requested_at, granted_at) VALUES`

const ROW = `(${'?, '.repeat(20)}1, ${LEASE_FROM_NOW}, UTC_TIMESTAMP(6), IF(? = 'granted', UTC_TIMESTAMP(6), NULL))`

interface SameChange {
  ids: string[]
  from: Claim['state']
  to: ClaimChange
}

/** Claims that change in the same way are written in one statement. */
function alike(changes: readonly ClaimChange[], living: readonly Claim[]): SameChange[] {
  const stateBefore = new Map(living.map(({ id, state }) => [id, state]))
  const groups = new Map<string, SameChange>()
  for (const to of changes) {
    const from = stateBefore.get(to.id) ?? 'waiting'
    const name = JSON.stringify([from, { ...to, id: undefined }])
    const group = groups.get(name) ?? { ids: [], from, to }
    group.ids.push(to.id)
    groups.set(name, group)
  }
  return [...groups.values()]
}
