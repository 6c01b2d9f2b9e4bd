/** Checks this host: the guard, and syslog. */
import type { GuardFacts } from '../../child/guard-trial.js'
import { DEFAULT_SYSLOG, type SyslogSettings } from '../../config/syslog.js'
import type { SyslogFacts } from '../../log/trial.js'
import { bad, type Check, good, unknown, warning } from './check.js'

export function guardCheck({ missing, ended, problem }: GuardFacts): Check {
  if (missing.length > 0) {
    const says = `the guard, which ends a command whose lock is lost, lacks ${missing.join(', ')}`
    return bad('guard', says, 'sera needs Linux with /proc, /bin/sh, and sleep in /usr/bin, /bin or its own PATH')
  }
  if (ended) return good('guard', 'self-test passed: the guard can end a command')
  const says = `self-test failed: the guard did not end a process (${problem ?? 'reason unknown'})`
  return bad('guard', says, "check that /bin/sh can read /proc and send signals to sera's processes on this host")
}

export function syslogCheck(syslog: SyslogSettings | undefined | 'not known', facts: SyslogFacts | undefined): Check {
  if (syslog === 'not known') return unknown('syslog', 'the settings are not known')
  if (!syslog || !facts) return good('syslog', 'off; sera reports failures on stderr only')
  const { problem, isBlind, isAbsent } = facts
  if (isAbsent && syslog.address === DEFAULT_SYSLOG.address) {
    // `"syslog": true` means the local syslog if there is one; a container has none
    const remedy = 'in a container, set "syslog" to the address of a syslog server, or to false'
    return warning('syslog', `${syslog.address} does not exist; sera reports failures on stderr only`, remedy)
  }
  if (problem !== undefined) {
    const remedy = 'start syslog there, correct "syslog" in the config, or set it to false; commands run anyway'
    return bad('syslog', `${syslog.address} does not accept messages: ${problem}`, remedy)
  }
  const seen = isBlind
    ? 'its host has an address; over UDP, sera cannot check that a server listens'
    : 'a server listens'
  return good('syslog', `${syslog.address}: ${seen}`)
}
