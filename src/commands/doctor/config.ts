/** Checks the configuration: its files, who can read them, and where each setting comes from. */
import { type Dsn, describeDsn } from '../../config/dsn.js'
import { formatDuration } from '../../config/duration.js'
import { DEFAULT_FILE } from '../../config/file.js'
import type { Resolved } from '../../config/resolve.js'
import { badBecause, type Check, good, warning } from './check.js'

export interface ConfigFacts {
  resolved: Resolved | undefined
  /** The reason if there are no valid settings. */
  error?: string
  /** The permission bits of a file, if it exists. */
  modeOf(file: string): number | undefined
}

const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o002

export function configChecks({ resolved, error, modeOf }: ConfigFacts): Check[] {
  if (!resolved) return [badBecause('settings', error ?? '', `correct it; docs/reference/settings.md has an example`)]
  const files = new Set([resolved.file, resolved.serversFile].filter(file => file !== undefined))
  return [
    ...(resolved.file === undefined
      ? [good('file', `no ${DEFAULT_FILE}; ${resolved.serversFrom} names the server`)]
      : []),
    ...[...files].map(file => {
      const holdsPassword = file === resolved.serversFile && hasPassword(resolved)
      return {
        ...fileCheck(file, modeOf(file) ?? 0, holdsPassword),
        name: file === resolved.file ? 'file' : 'server file',
      }
    }),
    ...settingChecks(resolved),
  ]
}

function fileCheck(file: string, mode: number, holdsPassword: boolean): Check {
  const what = holdsPassword ? `${file} holds a password` : file
  if (mode & OTHERS_WRITE) {
    return warning('file', `${what}, and every user of this host can change it`, `chmod o-w ${file}`)
  }
  if (!holdsPassword) return good('file', file)
  if (mode & OTHERS_READ) {
    const remedy = `chmod o-r ${file}; keep it readable for the users that run sera (chgrp, mode 640)`
    return warning('file', `${what}, and every user of this host can read it`, remedy)
  }
  return good('file', `${what}, and other users cannot read it`)
}

function hasPassword({ settings }: Resolved): boolean {
  return settings.servers.some(({ password }) => password !== '')
}

function settingChecks({ settings, warnings, originOf, serversFrom }: Resolved): Check[] {
  const { servers, leaseMs, graceMs, namespace } = settings
  const ignored = [...new Set(servers.flatMap(dsn => dsn.ignored))]
  return [
    good('servers', `${servers.map(shown).join(', ')} (${serversFrom})`),
    good(
      'lease',
      `${formatDuration(leaseMs)} (${originOf('lease')}), with a grace of ${formatDuration(graceMs)} (${originOf('grace')})`,
    ),
    ...(namespace === '' ? [] : [good('namespace', `${namespace} (${originOf('namespace')})`)]),
    ...(ignored.length === 0
      ? [good('parameters', 'sera supports all parameters of the DSN')]
      : [
          warning(
            'parameters',
            `sera ignores ${ignored.join(', ')} of the DSN`,
            'remove it if you can; docs/reference/dsn.md lists the supported parameters',
          ),
        ]),
    ...warnings.map(text => warningOf(text)),
  ]
}

/** User, address and database only; TLS and other parameters have their own checks. */
function shown(dsn: Dsn): string {
  const { address, user, database } = dsn
  if (address.net === 'embedded') return 'embedded, which guards this host only'
  return `${user}@${describeDsn(dsn)}${database === undefined ? '' : `/${database}`}`
}

function warningOf(text: string): Check {
  const { says, remedy } = badBecause('setting', text, 'correct the name, or remove it')
  return warning('setting', says, remedy ?? '')
}
