/**
 * Every flag of the command line, once: the splitter reads from this table which flags take a value and what they go with,
 * yargs and help and completion read the rest. Flags carry no defaults; the resolution of settings does.
 */
import { SeraError } from '../../errors.js'
import type { FormName } from './command-table.js'

export interface Flag {
  name: string
  /** One letter; -H -r -p are those of Distributex' client. */
  short?: string
  /** Name of the value in help; absent for a switch. */
  value?: string
  describe: string
  /** May be given several times; its values are then joined by commas. */
  repeats?: true
  group: 'Waiting' | 'Running' | 'Lock' | 'Setup' | 'Messages'
  /** The forms of the command line that it goes with; all when absent. */
  with?: readonly FormName[]
}

const CLASSIC = ['classic'] as const
/** What runs a command each time. */
const HOLDING = [...CLASSIC, 'rwlock', 'semaphore', 'double-barrier'] as const
/** What runs a command. */
const WRAPPING = [...HOLDING, 'once'] as const
/** What meets others. */
const MEETING = ['rendezvous', 'rendezvous command'] as const
/** What may have to wait without a command. */
const ALONE = ['counter', 'barrier', 'gate wait', 'rendezvous'] as const
/** What has no `<wait>`, and may have to. */
const WAITING = [...ALONE, 'rendezvous command'] as const
/** What has a place in the lock tables. */
const CLAIMING = [...WRAPPING, ...WAITING, 'gate close', 'gate open'] as const
/** What changes the tables as such. */
const FOUNDING = ['schema apply', 'schema drop'] as const
/** What people look after it all with. */
const OPERATING = ['verify', 'status', 'break', 'doctor', 'history'] as const
const PRINTING = [...ALONE, ...FOUNDING, ...OPERATING, 'gate close', 'gate open', 'embedded', 'embedded stop'] as const
const SERVED = [...CLAIMING, ...FOUNDING, ...OPERATING, 'schema', 'serve'] as const

export const FLAGS = [
  {
    name: 'wait-and-skip',
    group: 'Waiting',
    with: CLASSIC,
    describe:
      'the first to lock runs the command; the others wait until it has finished, then succeed without running it ' +
      '(they cannot know whether it succeeded there: see sera once)',
  },
  {
    name: 'detailed-exit-codes',
    group: 'Waiting',
    with: CLASSIC,
    describe: 'with --wait-and-skip: 205 instead of 0 when the command was skipped',
  },
  {
    name: 'timeout-exit-code',
    short: 'E',
    value: 'N',
    group: 'Waiting',
    with: [...WRAPPING, ...WAITING, 'pool'],
    describe: 'exit with N instead of 204 after a time-out',
  },
  {
    name: 'wait',
    value: 'TIME',
    group: 'Waiting',
    with: [...WAITING, 'pool'],
    describe: 'wait no longer than that (204) [forever; pool: not at all, and forever without TIME]',
  },
  {
    name: 'leave-wait',
    value: 'TIME',
    group: 'Waiting',
    with: ['double-barrier'],
    describe: 'after the command, wait for the others no longer than that (204) [forever]',
  },
  {
    name: 'hold-at-least',
    value: 'TIME',
    group: 'Running',
    with: [...HOLDING, 'pool'],
    describe: 'keep the lock that long even if the command is quicker',
  },
  {
    name: 'run-at-most',
    value: 'TIME',
    group: 'Running',
    with: [...WRAPPING, 'rendezvous command', 'pool'],
    describe: 'end a command that runs longer (207)',
  },
  {
    name: 'grace',
    value: 'TIME',
    group: 'Running',
    with: [...WRAPPING, 'rendezvous command', 'pool'],
    describe: 'between TERM and KILL when the command is ended by force [10s]',
  },
  {
    name: 'on-lost',
    value: 'WHAT',
    group: 'Running',
    with: [...WRAPPING, 'pool'],
    describe: 'reclaim, terminate or ignore: when the lock is lost while the command runs [reclaim]',
  },
  { name: 'close', group: 'Running', with: CLASSIC, describe: "the command does not inherit the lock's descriptor" },
  {
    name: 'name',
    value: 'NAME',
    group: 'Lock',
    with: [...CLASSIC, 'history'],
    describe: 'lock NAME instead of the command line; history: only what was at NAME',
  },
  {
    name: 'engine',
    value: 'ENGINE',
    group: 'Lock',
    with: CLASSIC,
    describe: 'auto, get_lock or lease: how the lock is held [auto]',
  },
  {
    name: 'lease',
    value: 'TIME',
    group: 'Lock',
    with: [...CLAIMING, 'serve'],
    describe: 'how long the lock outlives a host that vanishes [60s]',
  },
  {
    name: 'print-lock-name',
    group: 'Lock',
    with: CLASSIC,
    describe: 'print the name that would be locked, and run nothing',
  },
  { name: 'units', value: 'N', group: 'Lock', with: ['semaphore'], describe: 'take N of the permits [1]' },
  {
    name: 'tag',
    value: 'NAME',
    group: 'Lock',
    with: ['barrier'],
    describe: 'who has arrived: NAME counts once, and a NAME that was restarted takes its place again',
  },
  {
    name: 'single-use',
    group: 'Lock',
    with: ['barrier'],
    describe: 'for one use: after the barrier has let its parties go, a later arrival fails (208)',
  },
  { name: 'for', value: 'TIME', group: 'Lock', with: ['gate close'], describe: 'the gate opens by itself after that' },
  {
    name: 'since',
    value: 'WHEN',
    group: 'Lock',
    with: ['history'],
    describe: 'only what ended since: 2h, 7d, 2026-11-21, 2026-11-21T16:40 (UTC)',
  },
  {
    name: 'outcome',
    value: 'WORD',
    group: 'Lock',
    with: ['history'],
    describe: 'only what ended so: ran, timed-out, lost, …; several with commas',
  },
  { name: 'limit', value: 'N', group: 'Lock', with: ['history'], describe: 'the N newest, at most 10000 [100]' },
  {
    name: 'force',
    group: 'Running',
    with: ['embedded stop', 'schema drop'],
    describe: 'do it although it is in use: by clients of the server, or by claims in the tables',
  },
  { name: 'yes', group: 'Running', with: ['schema drop', 'break'], describe: 'do it without a question' },
  {
    name: 'per',
    value: 'TIME',
    group: 'Running',
    with: ['once'],
    describe: 'run again when the last success began longer ago than that [never]',
  },
  {
    name: 'keep',
    value: 'TIME',
    group: 'Running',
    with: ['once', 'barrier'],
    describe: 'forget a success (once, not sooner than --per) or the use of a --single-use barrier after that [never]',
  },
  { name: 'actor', value: 'NAME', group: 'Lock', with: MEETING, describe: 'who comes; what its label actor says' },
  { name: 'mates', value: 'N', group: 'Lock', with: MEETING, describe: 'meet N others at least, 0 to 63 [1]' },
  { name: 'labels', value: 'K=V,…', group: 'Lock', with: MEETING, describe: 'what others may ask for, besides actor' },
  {
    name: 'selector',
    value: 'WHOM',
    group: 'Lock',
    with: MEETING,
    describe: 'what the labels of the others have to be [actor!=NAME]',
  },
  {
    name: 'payload',
    value: 'TEXT',
    group: 'Lock',
    with: MEETING,
    describe: 'what to tell those who are met: text, @FILE, or - for stdin; at most 16 KiB',
  },
  { name: 'ticket', value: 'N', group: 'Lock', with: ['break'], describe: 'break the claim that has this ticket' },
  {
    name: 'reason',
    value: 'TEXT',
    group: 'Lock',
    with: ['break'],
    describe: 'why, for the history and syslog; at most 500 characters',
  },
  { name: 'all', group: 'Lock', with: ['break'], describe: 'break all claims, of those who wait too' },
  { name: 'watch', group: 'Messages', with: ['status'], describe: 'show it again and again, until q or Ctrl-C' },
  {
    name: 'host',
    short: 'H',
    value: 'HOST',
    group: 'Setup',
    with: ['pool'],
    describe: 'where the pools are: a host, host:port, or https://host:9989',
  },
  { name: 'port', short: 'p', value: 'PORT', group: 'Setup', with: ['pool'], describe: 'and at which port [9989]' },
  { name: 'pool', short: 'r', value: 'POOL', group: 'Lock', with: ['pool'], describe: 'the pool to run under' },
  {
    name: 'as',
    value: 'NAME',
    group: 'Lock',
    with: ['pool'],
    describe: 'take the pool as NAME instead of as this host, by its full name',
  },
  {
    name: 'listen',
    value: 'ADDRESS',
    group: 'Setup',
    with: ['serve'],
    repeats: true,
    describe: 'where to listen: 127.0.0.1:9989, [::1]:9989, :9989 for all; may be repeated [127.0.0.1:9989]',
  },
  { name: 'pools', value: 'FILE', group: 'Setup', with: ['serve'], describe: 'the pools, in YAML; read again on HUP' },
  {
    name: 'token-file',
    value: 'FILE',
    group: 'Setup',
    with: ['serve', 'pool'],
    describe: 'a file with the token that clients have to show',
  },
  { name: 'insecure', group: 'Setup', with: ['serve'], describe: 'let anybody in who reaches the address' },
  {
    name: 'tls-cert',
    value: 'FILE',
    group: 'Setup',
    with: ['serve'],
    describe: 'serve https with this certificate (PEM)',
  },
  {
    name: 'log-format',
    value: 'FORMAT',
    group: 'Messages',
    with: ['serve'],
    describe: 'lanes or json: how requests and events are written to stdout [lanes]',
  },
  { name: 'tls-key', value: 'FILE', group: 'Setup', with: ['serve'], describe: 'and its private key (PEM)' },
  {
    name: 'config',
    value: 'FILE',
    group: 'Setup',
    with: [...SERVED, 'pool'],
    describe: 'read this instead of /etc/sera.json',
  },
  {
    name: 'server',
    value: 'DSN',
    group: 'Setup',
    with: SERVED,
    describe: 'user:password@tcp(host:3306)/db, a mysql:// URL, or embedded; shows in ps, prefer the config',
  },
  {
    name: 'outcome-file',
    value: 'FILE',
    group: 'Messages',
    with: [...SERVED, 'pool'],
    describe: 'write how it ended to FILE, as one line of JSON',
  },
  { name: 'json', group: 'Messages', with: PRINTING, describe: 'print an object instead of text' },
  { name: 'verbose', group: 'Messages', describe: 'say what happens, on stderr' },
  { name: 'quiet', short: 'q', group: 'Messages', describe: 'say nothing but errors; with doctor, what is not well' },
  {
    name: 'syslog',
    group: 'Messages',
    with: [...SERVED, 'pool'],
    describe: 'log to syslog, as the config says or else to the local one',
  },
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

/** @throws SeraError usage, naming the first flag that does not go with the form; `usage` is how that form is written */
export function refuseOthers(flags: readonly string[], form: FormName, usage: string, help: string): void {
  for (const spelled of flags) {
    const name = /^--([^=]+)/.exec(spelled)?.[1] ?? ''
    const forms = findFlag(name)?.with
    if (forms && !forms.includes(form)) {
      throw new SeraError('usage', `--${name} does not go with ${usage}; see ${help}`)
    }
  }
}

export function flagsOf(forms: readonly FormName[]): Flag[] {
  const flags: readonly Flag[] = FLAGS
  return flags.filter(flag => !flag.with || flag.with.some(form => forms.includes(form)))
}
