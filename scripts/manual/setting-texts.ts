/** What each setting takes and means, for sera.json(5). Its name, variable, flag and default come from `SETTINGS`. */
import type { SettingName } from '../../src/config/settings.js'

export interface SettingText {
  takes: string
  means: string
}

export const SETTING_TEXTS: Readonly<Record<SettingName, SettingText>> = {
  server: { takes: 'a DSN, a URL, or "embedded"', means: 'The database that has the locks. See SERVER.' },
  serverFile: {
    takes: 'a path',
    means: 'A file that contains the DSN, such as a mounted secret. A relative path is relative to the config file.',
  },
  servers: {
    takes: 'a list of DSNs',
    means: 'The members of one cluster, for the lock tables. sera tries them in turn.',
  },
  engine: {
    takes: '"auto", "get_lock" or "lease"',
    means: 'How the plain lock is held. With servers it is always lease.',
  },
  lease: { takes: 'a time', means: 'How long a lock outlives a host that vanishes.' },
  grace: { takes: 'a time', means: 'The time between TERM and KILL when sera ends the command by force.' },
  namespace: {
    takes: 'text',
    means: 'Goes into the name of every lock. It separates clusters that share a server.',
  },
  onLost: {
    takes: '"reclaim", "terminate" or "ignore"',
    means: 'What to do when the lock is lost while the command runs.',
  },
  syslog: {
    takes: 'true, false, an address, or an object of address, facility and tag',
    means: 'Where to log. An address is unix:/path, /path, udp://host[:514] or tcp://host[:514].',
  },
  verbose: {
    takes: 'true, false, "stdout" or "stderr"',
    means:
      'Where to print what happens. true is stdout, as in the original; prefer "stderr". Errors always go to stderr.',
  },
  audit: { takes: 'true or false', means: 'Log every outcome to syslog, not only failures.' },
  waitAndSkip: { takes: 'true or false', means: 'The first host runs the command; the others wait, and skip it.' },
  detailedExitCodes: { takes: 'true or false', means: 'Exit with 205 instead of 0 when the command was skipped.' },
  history: {
    takes: 'true, false, or a time with a unit such as "30d"',
    means: 'How long the history is kept. If it is set, the plain lock leaves entries, too. false turns it off.',
  },
  allowMultiPrimary: {
    takes: 'true or false',
    means: 'Allow the plain lock on a cluster that has several primaries. All hosts must then use the same member.',
  },
  connectWait: { takes: 'a time', means: 'How long sera retries a connection that fails.' },
  maxClockSkew: { takes: 'a time', means: "The largest difference between the clocks of a cluster's members." },
  mask: {
    takes: 'a list of regular expressions',
    means: 'What to hide in a command line from others, in addition to what looks like a password.',
  },
}

/** Parameters of a DSN. */
export const DSN_PARAMETERS: Readonly<Record<string, string>> = {
  timeout: 'The time for one attempt to connect, with a unit: 500ms, 1m30s. The default is 10s.',
  readTimeout: 'The time for one short answer. Waiting for the lock does not count. The default is timeout.',
  writeTimeout: 'Time added to readTimeout.',
  tls: 'true (verified), skip-verify, preferred (if the server can) or false.',
  'tls-ca': "A PEM file with the authority that signed the server's certificate. It implies tls=true.",
  'tls-cert': 'A PEM file with a client certificate. It needs tls-key.',
  'tls-key': 'A PEM file with the private key of the client certificate.',
  charset: 'The character set of the connection. Of a list, the first that sera knows is used.',
  collation: 'The collation of the connection.',
  allowCleartextPasswords: 'true: the server may ask for the password in clear text. Use it with TLS only.',
}
