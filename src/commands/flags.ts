/**
 * Every flag of the command line, once: the splitter reads from this table which flags take a value, yargs and help and
 * completion read the rest. Flags carry no defaults; the resolution of settings does.
 */
export interface Flag {
  name: string
  /** One letter; only -E -h -q -V exist. */
  short?: string
  /** Name of the value in help; absent for a switch. */
  value?: string
  describe: string
  group: 'Waiting' | 'Running' | 'Lock' | 'Setup' | 'Messages'
}

export const FLAGS = [
  {
    name: 'wait-and-skip',
    group: 'Waiting',
    describe:
      'the first to lock runs the command; the others wait until it has finished, then succeed without running it ' +
      '(they cannot know whether it succeeded there; `sera once` will)',
  },
  {
    name: 'detailed-exit-codes',
    group: 'Waiting',
    describe: 'with --wait-and-skip: 205 instead of 0 when the command was skipped',
  },
  {
    name: 'timeout-exit-code',
    short: 'E',
    value: 'N',
    group: 'Waiting',
    describe: 'exit with N instead of 204 after a time-out',
  },
  {
    name: 'hold-at-least',
    value: 'TIME',
    group: 'Running',
    describe: 'keep the lock that long even if the command is quicker',
  },
  { name: 'run-at-most', value: 'TIME', group: 'Running', describe: 'end a command that runs longer (207)' },
  {
    name: 'grace',
    value: 'TIME',
    group: 'Running',
    describe: 'between TERM and KILL when the command is ended by force [10s]',
  },
  {
    name: 'on-lost',
    value: 'WHAT',
    group: 'Running',
    describe: 'reclaim, terminate or ignore: when the lock is lost while the command runs [reclaim]',
  },
  { name: 'close', group: 'Running', describe: "the command does not inherit the lock's descriptor" },
  { name: 'name', value: 'NAME', group: 'Lock', describe: 'lock NAME instead of the command line' },
  {
    name: 'engine',
    value: 'ENGINE',
    group: 'Lock',
    describe: 'auto, get_lock or lease: how the lock is held [auto]',
  },
  { name: 'lease', value: 'TIME', group: 'Lock', describe: 'how long the lock outlives a host that vanishes [60s]' },
  { name: 'print-lock-name', group: 'Lock', describe: 'print the name that would be locked, and run nothing' },
  { name: 'config', value: 'FILE', group: 'Setup', describe: 'read this instead of /etc/sera.json' },
  {
    name: 'server',
    value: 'DSN',
    group: 'Setup',
    describe: 'user:password@tcp(host:3306)/db, a mysql:// URL, or embedded; shows in ps, prefer the config',
  },
  {
    name: 'outcome-file',
    value: 'FILE',
    group: 'Messages',
    describe: 'write how it ended to FILE, as one line of JSON',
  },
  { name: 'verbose', group: 'Messages', describe: 'say what happens, on stderr' },
  { name: 'quiet', short: 'q', group: 'Messages', describe: 'say nothing but errors' },
  { name: 'syslog', group: 'Messages', describe: 'log to syslog, as the config says or else to the local one' },
  { name: 'help', short: 'h', group: 'Setup', describe: 'show this help' },
  { name: 'version', short: 'V', group: 'Setup', describe: 'show the version' },
] as const satisfies readonly Flag[]

export type FlagName = (typeof FLAGS)[number]['name']

/** Flags as given, raw: a switch is true or false, a value is text. The last one counts. */
export type FlagValues = Partial<Record<FlagName, string | boolean>>

export function findFlag(word: string): Flag | undefined {
  const flags: readonly Flag[] = FLAGS
  return flags.find(flag => flag.name === word || flag.short === word)
}
