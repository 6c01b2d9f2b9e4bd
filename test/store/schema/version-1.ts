/** The lock tables of version 1, exactly as that version created them. */
import type { ServerKind } from '../../../src/embedded/binary.js'

export function version1(kind: ServerKind): string {
  const exact = `CHARACTER SET utf8mb4 COLLATE ${kind === 'mariadb' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`
  const plain = 'CHARACTER SET ascii COLLATE ascii_bin'
  const text = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'
  return [
    `CREATE TABLE IF NOT EXISTS sera_resource (
  id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind          VARCHAR(32) ${plain} NOT NULL,
  name          VARCHAR(320) ${exact} NOT NULL,
  version       BIGINT UNSIGNED NOT NULL,
  granted_token BIGINT UNSIGNED,
  capacity      BIGINT,
  value         BIGINT NOT NULL DEFAULT 0,
  generation    BIGINT UNSIGNED NOT NULL DEFAULT 0,
  record        MEDIUMTEXT ${text},
  PRIMARY KEY (id),
  UNIQUE KEY kind_name (kind, name),
  KEY version (version)
) ENGINE = InnoDB`,
    `CREATE TABLE IF NOT EXISTS sera_claim (
  id           CHAR(32) ${plain} NOT NULL,
  resource_id  BIGINT UNSIGNED NOT NULL,
  ticket       BIGINT UNSIGNED NOT NULL,
  process_id   CHAR(16) ${plain} NOT NULL,
  host         VARCHAR(255) ${text} NOT NULL,
  pid          INT UNSIGNED NOT NULL,
  user         VARCHAR(64) ${text} NOT NULL,
  command      VARCHAR(500) ${text} NOT NULL,
  state        VARCHAR(16) ${plain} NOT NULL,
  token        BIGINT UNSIGNED,
  mode         VARCHAR(16) ${plain},
  units        BIGINT NOT NULL,
  slot         INT UNSIGNED,
  generation   BIGINT UNSIGNED,
  tag          VARCHAR(255) ${exact},
  labels       TEXT ${text},
  selector     TEXT ${text},
  payload      MEDIUMTEXT ${text},
  result       MEDIUMTEXT ${text},
  lease_ms     INT UNSIGNED NOT NULL,
  renewals     BIGINT UNSIGNED NOT NULL,
  expires_at   DATETIME(6) NOT NULL,
  requested_at DATETIME(6) NOT NULL,
  granted_at   DATETIME(6),
  PRIMARY KEY (id),
  KEY queue (resource_id, ticket)
) ENGINE = InnoDB`,
    `CREATE TABLE IF NOT EXISTS sera_schema (
  version    INT UNSIGNED NOT NULL,
  applied_at DATETIME(6) NOT NULL,
  PRIMARY KEY (version)
) ENGINE = InnoDB`,
    `INSERT IGNORE INTO sera_schema VALUES (1, UTC_TIMESTAMP(6))`,
  ].join(';\n')
}
