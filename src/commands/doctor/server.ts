/** Checks one server: connection, encryption, account, kind, limits and clock. */
import type { Dsn } from '../../config/dsn.js'
import { formatDuration } from '../../config/duration.js'
import type { Diagnosis, ServerFacts } from '../../store/diagnosis.js'
import { explain } from '../../store/mysql/retry.js'
import { Undisclosed } from '../../store/table-diagnosis.js'
import { badBecause, type Check, good, unknown, warning } from './check.js'
import { clock, rounded } from './clock.js'
import { clusterChecks } from './cluster.js'

export interface ServerLimits {
  leaseMs: number
  maxClockSkewMs: number
  /** The settings name several servers. */
  isMember: boolean
}

export function serverChecks(diagnosis: Diagnosis, limits: ServerLimits): Check[] {
  const { dsn, facts } = diagnosis
  if (!facts) return [notConnected(diagnosis)]
  return [
    connection(diagnosis, facts),
    encryption(dsn, facts),
    ...(dsn.allowCleartextPasswords ? [clearPassword(dsn, facts)] : []),
    account(facts),
    ...clusterChecks(facts, limits.isMember),
    sessionTimeout(facts, limits.leaseMs),
    ...connections(facts),
    clock(facts.clock, limits.maxClockSkewMs),
  ]
}

const SLOW_MS = 3000

function notConnected({ dsn, connectMs, failure }: Diagnosis): Check {
  const what = `cannot connect as ${dsn.user || '(no user)'}, after ${rounded(connectMs)}: ${explain(failure)}`
  const remedy = 'check that the server runs and that this host reaches it; the checks of the server were left out'
  return badBecause('connection', what, remedy)
}

function connection({ connectMs }: Diagnosis, { asked }: ServerFacts): Check {
  const says = `made in ${rounded(connectMs)}; ${asked.count} queries in ${rounded(asked.ms)}`
  if (connectMs < SLOW_MS) return good('connection', says)
  return warning('connection', `${says}; that is slow`, 'check the network, and name resolution on the server')
}

function encryption({ tls, address }: Dsn, { status }: ServerFacts): Check {
  if (status instanceof Undisclosed) return unknown('TLS', status.reason)
  const cipher = status.get('ssl_cipher')
  if (cipher) {
    const says = `${status.get('ssl_version')}, ${cipher}`
    if (tls.mode === 'verify') return good('TLS', `${says}; the certificate is verified`)
    const remedy = 'use tls=true, with tls-ca=FILE if the certificate is from an authority of your own'
    return warning('TLS', `${says}, but the certificate is not verified (tls=${tls.mode})`, remedy)
  }
  if (tls.mode !== 'off') return warning('TLS', `requested (tls=${tls.mode}), but the server does not offer it`, OFFER)
  if (isLocal(address)) return good('TLS', 'off; the connection does not leave this host')
  return warning('TLS', 'off: commands and host names cross the network unencrypted', 'add tls=true to the DSN')
}

const OFFER = 'give the server a certificate (ssl_cert, ssl_key), or remove the parameter'

function isLocal(address: Dsn['address']): boolean {
  return address.net !== 'tcp' || /^(localhost|127(\.\d+){3}|::1)$/.test(address.host)
}

/** Checked only if the DSN allows it. */
function clearPassword({ address }: Dsn, { status }: ServerFacts): Check {
  const name = 'password'
  if (status instanceof Undisclosed) return unknown(name, status.reason)
  if (status.get('ssl_cipher')) return good(name, 'allowCleartextPasswords, protected by TLS')
  if (isLocal(address)) return good(name, 'allowCleartextPasswords; the connection does not leave this host')
  const says = 'allowCleartextPasswords without TLS: the password may cross the network unencrypted'
  return warning(name, says, 'add tls=true to the DSN')
}

function account({ identity }: ServerFacts): Check {
  if (identity instanceof Undisclosed) return unknown('account', identity.reason)
  return good('account', `${identity.account}; GET_LOCK needs no other privilege than to connect`)
}

function sessionTimeout({ sessionTimeout: seconds, settings }: ServerFacts, leaseMs: number): Check {
  const name = 'wait_timeout'
  if (seconds instanceof Undisclosed) return unknown(name, seconds.reason)
  const wanted = Math.ceil(leaseMs / 1000)
  const own = settings instanceof Undisclosed ? '' : ` (${settings.get('wait_timeout')} s for others)`
  const lease = formatDuration(leaseMs)
  if (seconds === wanted)
    return good(name, `the server ends a session of sera that is silent for ${lease}, its lease${own}`)
  return warning(
    name,
    `sera asked for ${lease}, its lease, and got ${seconds} s: a host that vanishes keeps a GET_LOCK that long`,
    'connect to the server directly, without a proxy, or use the engine lease',
  )
}

/** Warn above this percentage of the limit. */
const CROWDED = 80

function connections({ settings, status, identity }: ServerFacts): Check[] {
  const name = 'max_connections'
  if (settings instanceof Undisclosed) return [unknown(name, settings.reason)]
  if (status instanceof Undisclosed) return [unknown(name, status.reason)]
  const used = Number(status.get('threads_connected'))
  const all = use(name, used, Number(settings.get(name)), 'the server')
  if (identity instanceof Undisclosed || identity.maxUserConnections === 0) return [all]
  return [all, use('max_user_connections', identity.userConnections, identity.maxUserConnections, 'this account')]
}

export function use(name: string, used: number, allowed: number, whose: string): Check {
  if (!(allowed > 0 && used >= 0)) return unknown(name, 'the server does not report it')
  const says = `${used} of ${allowed} connections of ${whose} are in use`
  if (used * 100 <= CROWDED * allowed) return good(name, says)
  return warning(name, says, `raise ${name}, or find the clients that use them; each waiting or running sera needs one`)
}
