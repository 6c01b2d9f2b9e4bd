/**
 * Every subcommand, once: the splitter reads from this table how many words belong to it, help and completion read the rest.
 *
 * A subcommand has one form or more, all with the same number of words. A form that wraps a command goes on with
 * `<wait> <command…>`, as the classic form does, or with `-- <command…>`; so what is sera's and what is the command's is
 * known by counting, and no word of such a subcommand is optional.
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
  /** `<name>` is any word, `read|write` one of these, `[name]` any word or none; only the last may be optional. */
  words: readonly string[]
  wraps: boolean
  /** The command stands behind `--`, without a `<wait>`, which `--wait` gives. */
  dashed?: true
  /** The command comes without a `<wait>`, which `--wait` gives; a `--` before it may be left out. */
  direct?: true
  /**
   * What it needs of the settings, if not all of them and a server that can be reached: `offline`, no server is asked;
   * `unread`, it reads them itself or not at all. The grace is checked only for a form that wraps a command.
   */
  settings?: 'offline' | 'unread'
  /** stdout is for data, so that messages go to stderr whatever the settings say; if absent, unless it wraps a command. */
  data?: boolean
  /** Without `--wait` it does not wait at all. */
  atOnce?: true
  /** The flags that it can't do without. */
  needs?: string
  /** For the list of subcommands. */
  does: string
}

export interface Subcommand {
  name: string
  aliases?: readonly string[]
  forms: readonly Form[]
  /** What a flag means whose value is left out. */
  omitted?: Readonly<Record<string, string>>
  about: string
  /** Command lines and what they do. */
  examples: readonly (readonly [line: string, does: string])[]
}

export const SUBCOMMANDS: readonly Subcommand[] = [
  {
    name: 'rwlock',
    forms: [{ name: 'rwlock', words: ['read|write', '<name>'], wraps: true, does: 'many readers or one writer' }],
    about:
      'Read/write lock. Readers run at the same time, a writer runs alone. First come, first served: a writer that waits ' +
      'holds up the readers behind it.',
    examples: [
      ['sera rwlock read wiki 60 backup.sh', 'beside other readers'],
      ['sera rwlock write wiki 60 upgrade.sh', 'alone'],
    ],
  },
  {
    name: 'semaphore',
    aliases: ['sem', 'sema'],
    forms: [
      { name: 'semaphore', words: ['<name>', '<permits>'], wraps: true, does: 'at most <permits> at a time' },
      { name: 'counter', words: ['<name>', '<delta>'], wraps: false, does: 'count up, down or not at all' },
    ],
    about:
      'With a command: at most <permits> run at a time, each with a slot of its own, from 0, in SERA_SLOT. All have to name ' +
      'the same number of permits (208).\n\n' +
      'With a number alone: a counter, from 0. It adds <delta> and prints the new value; a negative <delta> waits until ' +
      'the value covers it. Nobody owns what was taken: what a crash took stays taken.',
    examples: [
      ['sera semaphore licences 5 1h simulate.sh', 'five at a time'],
      ['sera sem --units 2 gpu 4 forever train.sh', 'two of the four'],
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
        does: 'start together and leave together',
      },
    ],
    about:
      'Waits until <count> have arrived; then all go, and the next <count> can meet.\n\n' +
      'With a command, a double barrier: <count> commands start together, and each sera stays until all of them have ended. ' +
      'While they run, newcomers wait for the next round.',
    examples: [
      ['sera barrier loaded 3', 'wait for the two others'],
      ['sera br --wait 5m --tag web-1 loaded 3', 'web-1 counts once, also after a restart'],
      ['sera barrier bench 3 5m load.sh', 'three at the same time, and none leaves before the last'],
    ],
  },
  {
    name: 'gate',
    forms: [
      { name: 'gate close', words: ['close', '<name>'], wraps: false, does: 'from now on whoever waits there waits' },
      { name: 'gate open', words: ['open', '<name>'], wraps: false, does: 'all who wait there go on' },
      { name: 'gate wait', words: ['wait', '<name>'], wraps: false, does: 'go on when the gate is open' },
    ],
    about:
      'A gate is open until somebody closes it, stays closed when its closer has gone, and is opened by anybody, or by itself ' +
      'with --for. To close a closed one, or to open an open one, is a conflict (208).',
    examples: [
      ['sera gate close --for 2h maintenance', 'opens by itself in two hours'],
      ['sera gate wait --wait 3h maintenance && job.sh', 'after the maintenance'],
      ['sera gate open maintenance', 'all go on'],
    ],
  },
  {
    name: 'once',
    forms: [{ name: 'once', words: ['<key>'], wraps: true, does: 'at most one successful run for a key' }],
    about:
      'Runs the command unless it has succeeded for <key> before, on whatever host. Whoever comes while it runs waits, and exits ' +
      'as that run does. After a failure whoever comes later runs it again.\n\n' +
      'With --per a success counts for that long from when it began. A run that sera was told to end (TERM, Ctrl-C), or that ' +
      'lost its lock, does not count at all: the next in line runs.',
    examples: [
      ['sera once migrate-v42 10m migrate.sh', 'whichever host comes first; the others take its outcome over'],
      ['sera once --per 1h sweep 5m sweep.sh', 'once an hour'],
      ['sera once --keep 30d import-4711 1h import.sh 4711', 'forgotten after thirty days'],
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
        does: 'meet others that match, and print who they are',
      },
      {
        name: 'rendezvous command',
        words: ['<event>'],
        wraps: true,
        dashed: true,
        needs: '--actor NAME',
        does: 'run with them in $SERA_MATCH',
      },
    ],
    about:
      'Waits until as many others are at <event> as --mates says, and as theirs say, every two of whom accept each other; ' +
      'then all of them go, and each gets the same list of all, as JSON: on stdout, or for a command in a file that ' +
      'SERA_MATCH names. The oldest go first.\n\n' +
      'Who is who is told by labels (key=value,…), and who is accepted by a selector in the grammar of Kubernetes: ' +
      'key=value, key!=value, key in (a,b), key notin (a,b), key, !key, key>5, key<5, joined by commas. Each has the ' +
      'label actor=<its actor>, and accepts whoever is another actor, unless told otherwise.',
    examples: [
      ['sera rendezvous --actor "$HOST" deploy', 'meet one other'],
      ['sera sync --actor db-1 --labels role=db --selector role=web --mates 2 deploy', 'meet two of the role web'],
      ['sera sync --actor a --payload @key.pem deploy -- join.sh', 'run a command that is told whom it has met'],
    ],
  },
  {
    name: 'verify',
    forms: [
      {
        name: 'verify',
        words: ['<kind>', '<name>', '<token>'],
        wraps: false,
        does: 'whether a grant is the newest and still held',
      },
    ],
    about:
      'Exits with 0 when <token>, which a command got as SERA_TOKEN, is the newest grant of mutex, rwlock, semaphore, ' +
      'double-barrier or once <name> and still held, and with 1 when it is not.',
    examples: [['sera verify rwlock wiki "$SERA_TOKEN" && publish.sh', 'unless somebody has followed']],
  },
  {
    name: 'doctor',
    forms: [
      {
        name: 'doctor',
        words: [],
        wraps: false,
        settings: 'unread',
        does: 'check this setup, and say what to do',
      },
    ],
    about:
      'Checks the config, the database, the lock tables and this host, and says what to do about what is not well. It only ' +
      'looks: nothing is locked, made or changed (but an embedded server is started). Exits with 0 when nothing is wrong, warnings (!) or not, and with 1 when ' +
      'something is (✗). With --quiet it leaves out what is well.',
    examples: [
      ['sera doctor', 'on every host, before the first cron job'],
      ['sera doctor --quiet --config new.json', 'what there is to do, and nothing else'],
      [`sera doctor --json | jq -r '.checks[] | select(.verdict == "bad") | .says'`, ''],
    ],
  },
  {
    name: 'status',
    forms: [
      { name: 'status', words: ['[<kind>]', '[<name>]'], wraps: false, does: 'who holds what, and who waits for it' },
    ],
    about:
      'Shows what is held and by whom, who waits in which place and for how long, how many are missing at a barrier, which ' +
      'gates are closed, counters, and the last run of once keys: all, those of a kind, or one with all there is to tell. ' +
      'What others wait for comes first. It only reads, and delays nobody.\n\n' +
      '--watch goes on until q or Ctrl-C. With --json it prints an object; with both, an object at each change.',
    examples: [
      ['sera status', 'all'],
      ['sera status semaphore gpu', 'with tickets and tokens'],
      ['sera status --watch', 'until q'],
      ['sera status mutex --json', ''],
    ],
  },
  {
    name: 'break',
    forms: [{ name: 'break', words: ['<kind>', '<name>'], wraps: false, does: 'take it from its holder by force' }],
    about:
      'Takes a claim away from whoever holds it: shows it, asks, and removes it. The holder learns of it at its next ' +
      'renewal, at the latest after a third of its lease; then its command is ended (206). Until then it may run beside the ' +
      "next one; its token tells their writes apart. A plain lock's connection is ended at the server, if the account " +
      'may (KILL).\n\n' +
      'If several hold it, say which one with --ticket, as sera status <kind> <name> lists them, or --all. A waiter that is ' +
      'broken in a queue goes to its end. Nobody there: 208.',
    examples: [
      ['sera break mutex deploy', 'shows its holder, and asks'],
      ['sera break --yes --all semaphore gpu', 'all who hold and wait, without a question'],
      ['sera break semaphore gpu --ticket 1763742671123456', 'one of them'],
      ['sera break --reason hung mutex deploy', 'says why, in the history and in syslog'],
    ],
  },
  {
    name: 'history',
    forms: [{ name: 'history', words: [], wraps: false, does: 'what ran where, waited and held how long, ended how' }],
    about:
      'Prints what has run, one line each, the newest last; times are UTC by the clock of the server. What runs at ' +
      'the lock tables is kept for 30 days, or as the setting "history" says; with that setting the plain lock leaves ' +
      'entries, too.\n\n' +
      'With --json, an object a line.',
    examples: [
      ['sera history --since 2h', 'the last two hours'],
      ['sera history --name wiki --limit 10', 'the ten newest of that name, of any kind'],
      ['sera history --outcome lost,overran --json', 'what was ended by force'],
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
        does: 'the lock tables, as SQL for a DBA',
      },
      { name: 'schema apply', words: ['apply'], wraps: false, does: 'make them, or bring them up to date' },
      { name: 'schema drop', words: ['drop'], wraps: false, does: 'take them away' },
    ],
    about:
      'Prints the SQL that makes the lock tables, or brings older ones up to date, and what the account has to be ' +
      'granted to use them. sera makes them by itself where its account may.\n\n' +
      'apply does what that SQL says. A sera refuses tables of another version than its own (202), so apply a new ' +
      'one when all hosts can have the new sera.\n\n' +
      'drop asks first, on a terminal; elsewhere it wants --yes. It refuses while anything is held or waited for ' +
      '(208); with --force commands that run are ended (206).',
    examples: [
      ['sera schema print | mysql', ''],
      ['sera schema apply', 'after an update of sera'],
      ['sera schema drop --yes', 'for good: with history, counters and gates'],
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
      'Runs the command when this host gets the pool POOL from the gateway at HOST (sera serve, or a Distributex); ' +
      'the config needs no server for that. If other hosts have it, nothing is run (204), or it waits with --wait. On ' +
      'one host one command at a time has the pool.\n\n' +
      'The pool of a sera gateway is renewed for as long as the command runs. That of a Distributex can not be: make ' +
      'its expire longer than the command takes. One word with blanks in it is run by a shell.',
    examples: [
      ["sera pool -H locks.example.org -r nightly 'puppet agent --onetime'", 'one host; the others give up (204)'],
      ['sera pool -H locks -r nightly --wait backup.sh --all', 'one host after the other'],
      ['sera pool -H https://locks:9989 --token-file /etc/sera.token -r nightly --wait 30s backup.sh', ''],
      ['sera pool -H locks -p 9889 -r nightly --wait -- backup.sh', 'at a Distributex'],
    ],
  },
  {
    name: 'serve',
    forms: [
      { name: 'serve', words: [], wraps: false, does: 'the gateway: pools, events, an API and a page over HTTP' },
    ],
    about:
      'Serves hosts that have curl but no database account. Several gateways serve one cluster side by side, as all ' +
      'state is in the lock tables; one that ends loses no lock that is held.\n\n' +
      'It listens on the loopback only. Elsewhere it wants a --token-file, whose token clients show (Authorization: ' +
      'Bearer), or --insecure. TERM ends it: who waits is answered 503. HUP reads the pools again.',
    examples: [
      ['sera serve --pools /etc/sera-pools.yaml', 'for this host: curl localhost:9989'],
      ['sera serve --listen :9989 --token-file /etc/sera.token', 'for all who have the token'],
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
        does: 'the private local server',
      },
      { name: 'embedded stop', words: ['stop'], wraps: false, settings: 'unread', does: 'unless it has clients' },
    ],
    about: 'The private server of --server embedded, for trying things out. It guards this host only.',
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
