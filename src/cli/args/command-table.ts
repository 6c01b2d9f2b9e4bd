/**
 * The one table of subcommands. The splitter reads from it how many words a subcommand has; help and completion read the
 * texts.
 *
 * All forms of a subcommand have the same number of words. In a form that wraps a command, `<wait> <command…>` or
 * `-- <command…>` follows the words. The splitter finds the command by counting words, so no word of such a subcommand is
 * optional.
 */
export type FormName =
  | 'classic'
  | 'rwlock'
  | 'semaphore'
  | 'counter'
  | 'barrier'
  | 'double-barrier'
  | 'gate close'
  | 'gate open'
  | 'gate wait'
  | 'once'
  | 'rendezvous'
  | 'rendezvous command'
  | 'verify'
  | 'doctor'
  | 'history'
  | 'status'
  | 'break'
  | 'schema'
  | 'schema apply'
  | 'schema drop'
  | 'pool'
  | 'serve'
  | 'embedded'
  | 'embedded stop'

export interface Form {
  name: Exclude<FormName, 'classic'>
  /** `<name>` is any word, `read|write` one of the two, `[name]` an optional word. Only the last ones may be optional. */
  words: readonly string[]
  wraps: boolean
  /** The command follows `--`. There is no `<wait>`; the flag `--wait` replaces it. */
  dashed?: true
  /** The command follows directly; a `--` before it is optional. There is no `<wait>`; the flag `--wait` replaces it. */
  direct?: true
  /**
   * Absent: the form needs all settings and a reachable server. `offline`: it asks no server. `unread`: it reads the
   * settings itself, or not at all. sera checks the grace only for a form that wraps a command.
   */
  settings?: 'offline' | 'unread'
  /** stdout carries data, so messages always go to stderr. Absent: true unless the form wraps a command. */
  data?: boolean
  /** Without `--wait` the form does not wait at all. */
  atOnce?: true
  /** The required flags. */
  needs?: string
  /** For the list of subcommands. */
  does: string
}

export interface Subcommand {
  name: string
  aliases?: readonly string[]
  forms: readonly Form[]
  /** The value of a flag that is given without one. */
  omitted?: Readonly<Record<string, string>>
  about: string
  /** Command lines, and what they do. */
  examples: readonly (readonly [line: string, does: string])[]
}

export const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: 'rwlock',
    forms: [{ name: 'rwlock', words: ['read|write', '<name>'], wraps: true, does: 'read with others, or write alone' }],
    about:
      'Read/write lock. Readers run at the same time; a writer runs alone. The queue is first come, first served: a reader ' +
      'that arrives after a waiting writer waits behind it.',
    examples: [
      ['sera rwlock read wiki 60 backup.sh', 'run at the same time as other readers'],
      ['sera rwlock write wiki 60 upgrade.sh', 'run alone'],
    ],
  },
  {
    name: 'semaphore',
    aliases: ['sem', 'sema'],
    forms: [
      { name: 'semaphore', words: ['<name>', '<permits>'], wraps: true, does: 'run at most <permits> at a time' },
      { name: 'counter', words: ['<name>', '<delta>'], wraps: false, does: 'change or read a counter' },
    ],
    about:
      'With a command: runs at most <permits> commands at a time. Each gets a slot number of its own, from 0, in SERA_SLOT. ' +
      'All participants must name the same number of permits (208).\n\n' +
      'Without a command: a counter that starts at 0. sera adds <delta> and prints the new value; with a negative <delta> ' +
      'it waits until the value is large enough. A counter has no holder: what a crashed process took stays taken.',
    examples: [
      ['sera semaphore licences 5 1h simulate.sh', 'run at most five at a time'],
      ['sera sem --units 2 gpu 4 forever train.sh', 'take two of the four permits'],
      ['sera sem tickets 10', 'add ten'],
      ['sera sem --wait 30 tickets -2', 'take two, or give up (204)'],
      ['sera sem tickets 0', 'print how many are left'],
    ],
  },
  {
    name: 'barrier',
    aliases: ['br'],
    forms: [
      { name: 'barrier', words: ['<name>', '<count>'], wraps: false, does: 'wait until <count> have arrived' },
      {
        name: 'double-barrier',
        words: ['<name>', '<count>'],
        wraps: true,
        does: 'start <count> commands together, and leave together',
      },
    ],
    about:
      'Waits until <count> participants have arrived, then releases all of them. The next <count> form the next round.\n\n' +
      'With a command, a double barrier: <count> commands start together, and each sera stays until all of them have ended. ' +
      'A participant that arrives during a round waits for the next one.',
    examples: [
      ['sera barrier loaded 3', 'wait for two other participants'],
      ['sera br --wait 5m --tag web-1 loaded 3', 'count web-1 once, also after a restart'],
      ['sera barrier bench 3 5m load.sh', 'run three together; each waits for the last to end'],
    ],
  },
  {
    name: 'gate',
    forms: [
      {
        name: 'gate close',
        words: ['close', '<name>'],
        wraps: false,
        does: 'close the gate: gate wait blocks until it is opened',
      },
      { name: 'gate open', words: ['open', '<name>'], wraps: false, does: 'open the gate: all waiters go on' },
      { name: 'gate wait', words: ['wait', '<name>'], wraps: false, does: 'wait until the gate is open' },
    ],
    about:
      'A gate is open until it is closed, and stays closed after the process that closed it has ended. Any host can open it; ' +
      'with --for it opens by itself. Closing a closed gate, or opening an open one, is a conflict (208).',
    examples: [
      ['sera gate close --for 2h maintenance', 'close it for two hours'],
      ['sera gate wait --wait 3h maintenance && job.sh', 'run the job after the maintenance'],
      ['sera gate open maintenance', 'let all waiters go on'],
    ],
  },
  {
    name: 'once',
    forms: [{ name: 'once', words: ['<key>'], wraps: true, does: 'run unless it has succeeded for <key>' }],
    about:
      'Runs the command unless it has succeeded for <key> before, on any host. A sera that starts while the command runs waits ' +
      'for it, and exits with its code. A sera that starts after a failure runs the command again.\n\n' +
      'With --per, a success counts for that time, measured from its start. A run does not count if a signal stopped sera ' +
      '(TERM, Ctrl-C) or if it lost its lock: the next waiter runs the command.',
    examples: [
      ['sera once migrate-v42 10m migrate.sh', 'run it on the first host; the others exit with its code'],
      ['sera once --per 1h sweep 5m sweep.sh', 'run once an hour'],
      ['sera once --keep 30d import-4711 1h import.sh 4711', 'forget the success after 30 days'],
    ],
  },
  {
    name: 'rendezvous',
    aliases: ['sync'],
    forms: [
      {
        name: 'rendezvous',
        words: ['<event>'],
        wraps: false,
        needs: '--actor NAME',
        does: 'wait for participants that match, and print them',
      },
      {
        name: 'rendezvous command',
        words: ['<event>'],
        wraps: true,
        dashed: true,
        needs: '--actor NAME',
        does: 'run a command that finds them in $SERA_MATCH',
      },
    ],
    about:
      'Waits at <event> until a group is complete: every two of its participants accept each other, and each has at least ' +
      'as many others as its --mates asks for. Then all of them leave with the same list of participants, as JSON: on ' +
      'stdout, or for a command in the file that SERA_MATCH names. The longest waiters are matched first.\n\n' +
      'Labels (key=value,…) describe a participant. A selector says which participants it accepts, in the grammar of ' +
      'Kubernetes: key=value, key!=value, key in (a,b), key notin (a,b), key, !key, key>5, key<5, joined by commas. Each ' +
      'participant has the label actor=NAME. Without --selector it accepts every other actor.',
    examples: [
      ['sera rendezvous --actor "$HOST" deploy', 'wait for one other participant'],
      ['sera sync --actor db-1 --labels role=db --selector role=web --mates 2 deploy', 'wait for two with role=web'],
      ['sera sync --actor a --payload @key.pem deploy -- join.sh', 'run a command with the list in $SERA_MATCH'],
    ],
  },
  {
    name: 'verify',
    forms: [
      {
        name: 'verify',
        words: ['<kind>', '<name>', '<token>'],
        wraps: false,
        does: 'check that a grant is the newest and still held',
      },
    ],
    about:
      'Exits with 0 when <token> is the newest grant of <kind> <name> and still held, and with 1 when it is not. <kind> is ' +
      'mutex, rwlock, semaphore, double-barrier or once. A command finds its token in SERA_TOKEN.',
    examples: [['sera verify rwlock wiki "$SERA_TOKEN" && publish.sh', 'publish only while the lock is still held']],
  },
  {
    name: 'doctor',
    forms: [
      {
        name: 'doctor',
        words: [],
        wraps: false,
        settings: 'unread',
        does: 'check this setup, and say how to fix it',
      },
    ],
    about:
      'Checks the configuration, the database, the lock tables and this host, and says how to fix each problem. It locks, ' +
      'creates and changes nothing (but starts the embedded server if that is configured). Exits with 1 if it finds a ' +
      'problem (✗), otherwise with 0, also with warnings (!). With --quiet it leaves out the checks that passed.',
    examples: [
      ['sera doctor', 'run it on every host, before the first cron job'],
      ['sera doctor --quiet --config new.json', 'print only warnings and problems'],
      [`sera doctor --json | jq -r '.checks[] | select(.verdict == "bad") | .says'`, ''],
    ],
  },
  {
    name: 'status',
    forms: [{ name: 'status', words: ['[<kind>]', '[<name>]'], wraps: false, does: 'show holders and waiters' }],
    about:
      'Shows holders, and waiters with their place in the queue and how long they have waited; how many participants are ' +
      'missing at a barrier; closed gates; counters; the last run of each once key. It shows all resources, those of ' +
      '<kind>, or one in detail. Resources with waiters come first. It only reads, and delays no waiter.\n\n' +
      '--watch refreshes until q or Ctrl-C. With --json it prints an object; with both, an object at each change.',
    examples: [
      ['sera status', 'show all resources'],
      ['sera status semaphore gpu', 'show one, with tickets and tokens'],
      ['sera status --watch', 'refresh until q'],
      ['sera status mutex --json', ''],
    ],
  },
  {
    name: 'break',
    forms: [{ name: 'break', words: ['<kind>', '<name>'], wraps: false, does: 'remove a claim by force' }],
    about:
      'Shows the claim of a holder, asks, and removes it. The holder notices at its next renewal, within a third of its ' +
      'lease, and ends its command (206). Until then that command may run at the same time as the next one; the token tells ' +
      'their writes apart. To break a plain lock, sera ends its connection at the server, if the account may (KILL).\n\n' +
      'If there are several holders, choose one with --ticket, as sera status <kind> <name> lists them, or all with --all. A ' +
      'waiter whose claim is removed goes to the end of the queue. It is a conflict (208) if there is no claim.',
    examples: [
      ['sera break mutex deploy', 'show the holder, and ask'],
      ['sera break --yes --all semaphore gpu', 'remove all holders and waiters, without asking'],
      ['sera break semaphore gpu --ticket 1763742671123456', 'remove one of them'],
      ['sera break --reason hung mutex deploy', 'record a reason in the history and in syslog'],
    ],
  },
  {
    name: 'history',
    forms: [{ name: 'history', words: [], wraps: false, does: 'list runs: where, how long, with which outcome' }],
    about:
      'Prints one line for each run, the newest last. Times are UTC, by the clock of the server. Runs that use the lock ' +
      'tables are kept for 30 days, or as the setting "history" says. With that setting, plain locks leave entries, too.\n\n' +
      'With --json it prints one object for each line.',
    examples: [
      ['sera history --since 2h', 'list the runs of the last two hours'],
      ['sera history --name wiki --limit 10', 'list the ten newest at that name, of any kind'],
      ['sera history --outcome lost,overran --json', 'list the runs that sera ended by force'],
    ],
  },
  {
    name: 'schema',
    forms: [
      {
        name: 'schema',
        words: ['[print]'],
        wraps: false,
        settings: 'offline',
        does: 'print the lock tables as SQL, for a DBA',
      },
      { name: 'schema apply', words: ['apply'], wraps: false, does: 'create or update the lock tables' },
      { name: 'schema drop', words: ['drop'], wraps: false, does: 'drop the lock tables' },
    ],
    about:
      'Prints the SQL that creates the lock tables, or updates older ones, and the GRANTs that the account needs. sera ' +
      'creates the tables by itself if its account may.\n\n' +
      'apply runs that SQL. sera refuses tables of another version than its own (202), so apply a new version when you ' +
      'update sera on all hosts.\n\n' +
      'drop asks first on a terminal; without one it needs --yes. It refuses while there are holders or waiters (208); ' +
      'with --force, running commands are ended (206).',
    examples: [
      ['sera schema print | mysql', ''],
      ['sera schema apply', 'update the tables after an update of sera'],
      ['sera schema drop --yes', 'drop all locks, history, counters and gates'],
    ],
  },
  {
    name: 'pool',
    forms: [
      {
        name: 'pool',
        words: [],
        wraps: true,
        direct: true,
        settings: 'offline',
        atOnce: true,
        needs: '-H HOST -r POOL',
        does: 'run under a pool of a gateway, without a database',
      },
    ],
    omitted: { wait: 'forever' },
    about:
      'Runs the command when this host gets the pool POOL from the gateway at HOST (sera serve, or a Distributex). The ' +
      'config needs no server for that. While other hosts hold the pool, sera runs nothing (204), or waits with --wait. ' +
      'On one host, one command at a time holds the pool.\n\n' +
      'sera renews the pool of a sera gateway while the command runs. It cannot renew the pool of a Distributex: make its ' +
      'expire longer than the command takes. A command given as one word with blanks is run by a shell.',
    examples: [
      ["sera pool -H locks.example.org -r nightly 'puppet agent --onetime'", 'run on one host (others: 204)'],
      ['sera pool -H locks -r nightly --wait backup.sh --all', 'run on one host after the other'],
      ['sera pool -H https://locks:9989 --token-file /etc/sera.token -r nightly --wait 30s backup.sh', ''],
      ['sera pool -H locks -p 9889 -r nightly --wait -- backup.sh', 'use a Distributex'],
    ],
  },
  {
    name: 'serve',
    forms: [{ name: 'serve', words: [], wraps: false, does: 'serve pools, events, an API and a page over HTTP' }],
    about:
      'Serves hosts that have curl but no database account. Several gateways can serve one cluster, because all state is ' +
      'in the lock tables. A gateway that ends loses no lock that is held.\n\n' +
      'By default it listens on the loopback address. Any other address needs --token-file, whose token clients send ' +
      '(Authorization: Bearer), or --insecure. TERM ends it, and waiting clients get 503. HUP reloads the pools.',
    examples: [
      ['sera serve --pools /etc/sera-pools.yaml', 'serve this host: curl localhost:9989'],
      ['sera serve --listen :9989 --token-file /etc/sera.token', 'serve all clients that have the token'],
    ],
  },
  {
    name: 'embedded',
    forms: [
      {
        name: 'embedded',
        words: ['start|status'],
        wraps: false,
        settings: 'unread',
        does: 'start the private local server, or show its state',
      },
      { name: 'embedded stop', words: ['stop'], wraps: false, settings: 'unread', does: 'stop it if unused' },
    ],
    about: 'Manages the private server of --server embedded, for trying sera out. It guards this host only.',
    examples: [['sera embedded status', '']],
  },
]

export function findSubcommand(word: string): Subcommand | undefined {
  return SUBCOMMANDS.find(({ name, aliases = [] }) => [name, ...aliases].includes(word))
}

/** `sera barrier <name> <count>`. */
export function usageOf({ name }: Subcommand, { words, needs, ...form }: Form): string {
  const command = form.direct ? '<command…>' : form.dashed ? '-- <command…>' : '<wait> <command…>'
  return ['sera', name, ...(needs ? [needs] : []), ...words, ...(form.wraps ? [command] : [])].join(' ')
}
