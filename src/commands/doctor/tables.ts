/** Checks the lock tables on one server: existence, version, engine, and the privileges of the account. */
import type { Diagnosis, ServerFacts } from '../../store/diagnosis.js'
import { PRIVILEGES, SCHEMA_VERSION } from '../../store/schema/schema.js'
import type { TableFact, TableFacts } from '../../store/table-diagnosis.js'
import { Undisclosed } from '../../store/table-diagnosis.js'
import { MAJOR } from '../../store/tables/process-id.js'
import { bad, type Check, good, unknown, warning } from './check.js'

const SCHEMA = 'ask a DBA to run the SQL of `sera schema print`'

/** `needed`: the engine of the plain lock uses the tables; otherwise only subcommands do. */
export function tableChecks({ dsn, facts }: Diagnosis, needed: boolean): Check[] {
  if (!facts) return [unknown('tables', 'there is no connection')]
  if (facts.tables instanceof Undisclosed) return [unknown('tables', facts.tables.reason)]
  const { tables } = facts
  if (tables.noDatabase !== undefined) return [noDatabase(tables, dsn.database !== undefined || needed)]
  const missing = tables.tables.filter(({ engine }) => engine === undefined)
  const isAbsent = missing.length === tables.tables.length && !tables.tables.some(isDenied)
  const binlog = statementLog(facts, needed)
  const database = good('database', tables.database)
  if (isAbsent) return [database, absent(tables, needed), ...binlog]
  return [database, ...present(tables, missing), rights(tables.tables), ...versions(tables), ...binlog]
}

function noDatabase({ database, noDatabase: why }: TableFacts, isBad: boolean): Check {
  const says = `no database ${database}: ${why?.split(';')[0]}`
  const remedy = `CREATE DATABASE ${database}, and GRANT ALL ON ${database}.* to the account; or name another in the DSN`
  if (isBad) return bad('database', says, remedy)
  return warning('database', `${says}; the plain lock needs none, subcommands do`, remedy)
}

function absent({ mayCreate }: TableFacts, needed: boolean): Check {
  if (mayCreate) return good('tables', 'not there yet; sera creates them on first use')
  const says = mayCreate === false ? 'not there, and the account may not create them' : MAYBE
  if (needed && mayCreate === false) return bad('tables', says, SCHEMA)
  return warning('tables', needed ? says : `${says}; the plain lock needs none, subcommands do`, SCHEMA)
}

const MAYBE = 'not there; sera cannot tell whether the account may create them (it has a role)'

function present({ tables, version, mayCreate }: TableFacts, missing: readonly TableFact[]): Check[] {
  const isOlder = version !== undefined && version < SCHEMA_VERSION // older versions have fewer tables
  if (missing.length > 0 && !isOlder) {
    const says = `${names(missing)} missing, or the account may not see it`
    return [bad('tables', says, mayCreate ? 'run any subcommand that locks: it creates them' : SCHEMA)]
  }
  const foreign = tables.filter(({ engine }) => engine !== undefined && engine !== 'InnoDB')
  if (foreign.length > 0) return [notInnoDb(foreign)]
  return [versionCheck(version, tables.length - missing.length)]
}

function notInnoDb(foreign: readonly TableFact[]): Check {
  const found = foreign.map(({ name, engine }) => `${name} (${engine})`).join(', ')
  const says = `${found} ${foreign.length === 1 ? 'is' : 'are'} not InnoDB: no transactions, so sera refuses to lock there`
  return bad('tables', says, `run ${foreign.map(({ name }) => `ALTER TABLE ${name} ENGINE = InnoDB`).join('; ')}`)
}

function versionCheck(version: number | undefined, count: number): Check {
  const says = `${count} tables of version ${version}`
  if (version === undefined) return unknown('tables', 'sera_schema has no version')
  if (version === SCHEMA_VERSION) return good('tables', says)
  const [verb, remedy] =
    version > SCHEMA_VERSION
      ? ['newer', 'update sera on this host']
      : ['older', `run \`sera schema apply\`, or ${SCHEMA}`]
  return bad('tables', `${says}, ${verb} than this sera knows (${SCHEMA_VERSION})`, remedy)
}

function isDenied({ denied }: TableFact): boolean {
  return !(denied instanceof Undisclosed) && denied.length > 0
}

function rights(tables: readonly TableFact[]): Check {
  const what = tables.filter(isDenied).map(({ name, denied }) => `${denied} on ${name}`.replaceAll(',', ', '))
  if (what.length > 0) {
    return bad('rights', `the account may not ${what.join('; ')}`, 'grant it; `sera schema print` prints the GRANTs')
  }
  const untold = tables.map(({ denied }) => denied).find(denied => denied instanceof Undisclosed)
  return untold ? unknown('rights', untold.reason) : good('rights', `the account may ${PRIVILEGES}`)
}

/** The tables show the hosts that hold or wait now. Without any there is nothing to say. */
function versions({ hosts }: TableFacts): Check[] {
  if (hosts.length === 0) return []
  const others = hosts.filter(({ major }) => major !== MAJOR)
  if (others.length === 0) return [good('versions', `each host that holds or waits runs sera ${MAJOR}`)]
  const shown = others.slice(0, HOSTS_SHOWN).map(({ host, major }) => `${host} runs sera ${major}`)
  const more = others.length > HOSTS_SHOWN ? `, and ${others.length - HOSTS_SHOWN} more` : ''
  const says = `${shown.join(', ')}${more}; this host runs sera ${MAJOR}`
  return [warning('versions', says, 'install the same major version on every host')]
}

const HOSTS_SHOWN = 5

/** sera uses READ COMMITTED, which InnoDB refuses with statement-based logging. */
function statementLog({ settings }: ServerFacts, needed: boolean): Check[] {
  if (settings instanceof Undisclosed) return []
  if (settings.get('log_bin') !== 'ON' || settings.get('binlog_format') !== 'STATEMENT') return []
  const says = 'with binlog_format STATEMENT the server refuses the transactions of the lock tables'
  const check = needed ? bad : warning
  return [check('binlog_format', says, 'set binlog_format to ROW or MIXED')]
}

function names(tables: readonly TableFact[]): string {
  return `${tables.map(({ name }) => name).join(', ')} ${tables.length === 1 ? 'is' : 'are'}`
}
