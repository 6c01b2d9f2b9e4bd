/**
 * The id of a process in the lock tables: random, and in front the major version of sera. `sera doctor` reads the versions that the
 * hosts of a cluster run from the claims there. No column is needed, so tables of this and of earlier programs serve both.
 */
import type { Random } from '../../clock.js'
import { VERSION } from '../../version.js'

export const MAJOR = Number.parseInt(VERSION, 10)

const PREFIX = `v${MAJOR}-`

/** 16 characters, as the column has them. */
export function newProcessId(random: Random): string {
  return PREFIX + random.id(8).slice(PREFIX.length)
}

/** As a scalar: the major version in `process_id`, NULL for a gateway's client, which has no version. */
export const MAJOR_OF_PROCESS =
  "IF(process_id LIKE 'v%-%', SUBSTRING_INDEX(SUBSTRING(process_id, 2), '-', 1) + 0, NULL)"
