/** What each setting means, for the reference and the man page. */
import type { SettingName } from './settings.js'

export const SETTING_TEXTS: Readonly<Record<SettingName, string>> = {
  server: 'the database: a DSN, a URL, or `embedded`',
  serverFile: 'a file that holds the DSN, such as a mounted secret; a relative path starts at the config file',
  servers: "the DSNs of one cluster's members, tried in turn; the plain lock then uses the engine `lease`",
  engine: 'how the plain lock is held: `auto`, `get_lock` or `lease`',
  lease: 'how long a lock outlives a host that vanishes',
  grace: 'the time between TERM and KILL when sera ends the command by force',
  namespace: 'text that goes into the name of every lock; it separates clusters that share a server',
  onLost: 'what happens if the lock is lost while the command runs: `reclaim`, `terminate` or `ignore`',
  syslog: '`true`, an address, or an object with address, facility and tag',
  verbose: 'where messages go: `"stderr"`, `"stdout"`, `true` (stdout) or `false` (errors only)',
  audit: 'log every outcome to syslog, not only failures',
  waitAndSkip: 'the flag `--wait-and-skip`, for every run',
  detailedExitCodes: 'the flag `--detailed-exit-codes`, for every run',
  history: 'how long the history keeps an entry, or `false`; if it is set, plain locks leave entries too',
  allowMultiPrimary: 'switch off the checks of the server: all hosts connect to the same member',
  connectWait: 'how long sera retries to connect to a server that does not answer',
  maxClockSkew: "the most by which the clocks of a cluster's members may differ",
  mask: 'patterns of text to hide in a command, as well as what looks like a password',
}
