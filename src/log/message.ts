/**
 * A syslog message in the format of the original: RFC 3164, but with the time format of RFC 3339, which rsyslog and
 * syslog-ng read, too. This time does not depend on a time zone; to compute the local time takes Bun 4 ms.
 *
 *     <131>2026-11-21T08:25:00.123Z web-2 sera[4312]: outcome=timed-out lock=…
 */
import type { Severity } from './log.js'

export interface Sender {
  /** A name of syslog.conf(5). */
  facility: string
  tag: string
  pid: number
}

const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
]
const SEVERITIES: Readonly<Record<Severity, number>> = { error: 3, warning: 4, notice: 5, info: 6 }

export function formatMessage(severity: Severity, line: string, date: Date, host: string, sender: Sender): string {
  return `${prioritised(severity, '', sender)}${date.toISOString()} ${host} ${sender.tag}[${sender.pid}]: ${line}`
}

/** The input for `logger`, which adds time, tag and pid. */
export function prioritised(severity: Severity, line: string, { facility }: Sender): string {
  return `<${FACILITIES.indexOf(facility) * 8 + SEVERITIES[severity]}>${line}`
}
