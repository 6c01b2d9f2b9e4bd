/** The holder of a GET_LOCK, as far as the server shows it to an account without privileges. */

import type { Holder } from '../../claims/lock.js'
import type { GetLockSession } from './session.js'

const CONNECTION_OF = 'SELECT ID, HOST FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK(?)'

/** Only for sessions of the same account; on MariaDB only when its performance_schema is on. */
const ATTRIBUTES_OF =
  'SELECT GROUP_CONCAT(ATTR_NAME, CHAR(1), ATTR_VALUE SEPARATOR 0x02) AS attributes ' +
  'FROM performance_schema.session_account_connect_attrs WHERE PROCESSLIST_ID = ?'

const OWNER_OF = 'SELECT IS_USED_LOCK(?) AS connection'

export async function holderOf(session: GetLockSession, name: string): Promise<Holder | undefined> {
  const owner = await session.ask(OWNER_OF, [name])
  if (owner.connection === null || owner.connection === undefined) return undefined
  const connection = Number(owner.connection)
  const row = await session.ask(CONNECTION_OF, [name])
  const attributes = await attributesOf(session, connection)
  return {
    connection,
    host: attributes.get('host') ?? hostPart(row.HOST),
    pid: Number(attributes.get('pid')) || undefined,
    command: attributes.get('command'),
  }
}

async function attributesOf(session: GetLockSession, connection: number): Promise<Map<string, string>> {
  const row = await session.ask(ATTRIBUTES_OF, [connection]).catch(() => undefined)
  const pairs = String(row?.attributes ?? '').split('\x02')
  return new Map(pairs.map(pair => pair.split('\x01') as [string, string]))
}

/** `host:port` without the port; 'another host' when the account may not see the session. */
function hostPart(host: unknown): string {
  return typeof host === 'string' && host !== '' ? host.replace(/:\d+$/, '') : 'another host'
}

/** The name in `GET_LOCK('name', …)`. */
export function lockIn(statement: string): string | undefined {
  const [, quoted] = /\bGET_LOCK\s*\(\s*'((?:[^'\\]|\\.|'')*)'/i.exec(statement) ?? []
  return quoted?.replace(/\\(.)|''/g, (_, escaped = "'") => escaped).toLowerCase()
}
