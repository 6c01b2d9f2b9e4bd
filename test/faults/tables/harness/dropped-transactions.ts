/** Records when a server has dropped a transaction but answers OK to the next statement, as Galera can. */
import { TableConnection } from '../../../../src/store/tables/table-connection.js'
import type { CheckerClient } from './checker.js'

export function noteDroppedTransactions(checkerClient: CheckerClient): void {
  const open = new WeakSet<TableConnection>()
  const change = TableConnection.prototype.change
  TableConnection.prototype.change = async function (this: TableConnection, sql: string, values?: unknown[]) {
    if (/^(COMMIT|ROLLBACK)/.test(sql)) open.delete(this)
    const changed = await change.call(this, sql, values)
    if (sql === 'START TRANSACTION') open.add(this)
    if (open.has(this) && !changed.inTransaction) checkerClient.note('OK in a dropped transaction')
    return changed
  }
}
