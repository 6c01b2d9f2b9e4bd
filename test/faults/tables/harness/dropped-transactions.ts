/** Counts how often a server has thrown a transaction away and said OK to the next statement all the same (Galera can). */
import type { Changed } from '../../../../src/store/mysql/connection.js'
import { TableConnection } from '../../../../src/store/tables/table-connection.js'
import type { CheckerClient } from './checker.js'

type RunChange = (this: TableConnection, sql: string, values?: unknown[]) => Promise<Changed>

export function noteDroppedTransactions(checkerClient: CheckerClient): void {
  const open = new WeakSet<TableConnection>()
  const change = TableConnection.prototype.change as RunChange
  TableConnection.prototype.change = async function (this: TableConnection, sql: string, values?: unknown[]) {
    if (/^(COMMIT|ROLLBACK)/.test(sql)) open.delete(this)
    const changed = await change.call(this, sql, values)
    if (sql === 'START TRANSACTION') open.add(this)
    if (open.has(this) && !changed.inTransaction) checkerClient.note('OK to what was thrown away')
    return changed
  }
}
