/**
 * Fills the lock tables with what a large cluster accumulates in years: unused names, and history. All rows are in
 * namespace '', except one in a thousand in namespace `other`.
 *
 * Of ten names four are counters, four once keys, one a closed gate and one a mutex. All were used in the last days, so
 * that none is swept. Of 100,000 runs one was lost.
 */

type Sql = (statement: string) => Promise<unknown>

/** Microseconds since 1970. */
const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"
const FOREVER = Number.MAX_SAFE_INTEGER
const DAY_S = 86_400
const CHUNK = 100_000

/** Number of different names in the history. */
export const NAMES_IN_HISTORY = 1000

export async function fillResources(sql: Sql, count: number): Promise<void> {
  const kind =
    "ELT(1 + n MOD 10, 'counter', 'counter', 'counter', 'counter', 'once', 'once', 'once', 'once', 'gate', 'mutex')"
  const value = `CASE WHEN n MOD 10 < 4 THEN 1 + n MOD 7 WHEN n MOD 10 < 9 THEN ${FOREVER} ELSE 0 END`
  const record = `IF(n MOD 10 BETWEEN 4 AND 7, '{"exitCode":0,"host":"web-1","pid":1,"user":"app","command":"import"}', NULL)`
  await inChunks(count, numbers =>
    sql(`INSERT INTO sera_resource (kind, name, version, value, record)
      SELECT ${kind}, ${named('n')}, ${NOW} - n * 500000, ${value}, ${record} FROM ${numbers}`),
  )
}

export async function fillHistory(sql: Sql, count: number, days = 30): Promise<void> {
  const ago = `INTERVAL (${count} - n) * ${(days * DAY_S) / count} SECOND`
  await inChunks(count, numbers =>
    sql(`INSERT INTO sera_history (kind, name, token, host, pid, user, command, requested_at, granted_at,
        released_at, outcome, exit_code)
      SELECT 'mutex', ${named(`n MOD ${NAMES_IN_HISTORY}`)}, n, 'web-1', 1, 'app', 'import', UTC_TIMESTAMP(6) - ${ago},
        UTC_TIMESTAMP(6) - ${ago}, UTC_TIMESTAMP(6) - ${ago},
        CASE WHEN n MOD 100000 = 7 THEN 'lost' WHEN n MOD 10 = 0 THEN 'timed-out' ELSE 'ran' END, 0 FROM ${numbers}`),
  )
}

/** One in a thousand is in the other namespace. */
function named(n: string): string {
  return `IF(${n} MOD 1000 = 999, CONCAT('other', CHAR(0 USING utf8mb4), 'name ', ${n}), CONCAT('name ', ${n}))`
}

async function inChunks(count: number, insert: (numbers: string) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) await insert(numbers(from, Math.min(CHUNK, count - from)))
}

/** A table of `count` numbers `n` from `from` on; the two servers share no generator. */
function numbers(from: number, count: number): string {
  const digit = `(${Array.from({ length: 10 }, (_, n) => `SELECT ${n} AS d`).join(' UNION ALL ')})`
  const digits = [0, 1, 2, 3, 4].map(at => `${digit} AS d${at}`).join(' CROSS JOIN ')
  const value = [0, 1, 2, 3, 4].map(at => `d${at}.d * ${10 ** at}`).join(' + ')
  return `(SELECT ${from} + i AS n FROM (SELECT ${value} AS i FROM ${digits}) AS all_of WHERE i < ${count}) AS numbers`
}
