/** Flags of one run that no config file knows: checked and in milliseconds. */
import { parseDate } from '../../config/date.js'
import { parseDuration, parseWait } from '../../config/duration.js'
import { SeraError } from '../../errors.js'
import type { LogFormat } from '../../gateway/log/format.js'
import type { FlagName, FlagValues } from './flags.js'

export interface RunOptions {
  timeoutExitCode: number | undefined
  /** Of a form without a command. Infinity: forever. */
  waitMs: number
  /** --wait was given. */
  waits: boolean
  leaveWaitMs: number
  holdAtLeastMs: number
  /** Infinity: as long as it likes. */
  runAtMostMs: number
  close: boolean
  name: string | undefined
  printLockName: boolean
  outcomeFile: string | undefined
  quiet: boolean
  json: boolean
  units: number
  tag: string | undefined
  singleUse: boolean
  /** Infinity: until somebody opens it. */
  closedForMs: number
  force: boolean
  yes: boolean
  /** So many ms ago, or from then on. */
  since: number | Date | undefined
  outcomes: readonly string[] | undefined
  limit: number
  /** Infinity: once for all. */
  perMs: number
  /** Infinity: for ever. */
  keepMs: number
  actor: string | undefined
  mates: number
  labels: string | undefined
  selector: string | undefined
  /** As it was given: text, `@file` or `-`. */
  payload: string | undefined
  ticket: number | undefined
  reason: string | undefined
  all: boolean
  watch: boolean
  /** Of a client of pools. */
  host: string | undefined
  port: string | undefined
  pool: string | undefined
  as: string | undefined
  /** Of the gateway. */
  listen: readonly string[] | undefined
  poolsFile: string | undefined
  tokenFile: string | undefined
  insecure: boolean
  tlsCert: string | undefined
  tlsKey: string | undefined
  logFormat: LogFormat
}

/** @throws SeraError usage */
export function runOptions(flags: FlagValues): RunOptions {
  return {
    timeoutExitCode: exitCode(flags),
    waitMs: wait(flags, 'wait'),
    waits: flags.wait !== undefined,
    leaveWaitMs: wait(flags, 'leave-wait'),
    holdAtLeastMs: duration(flags, 'hold-at-least') ?? 0,
    runAtMostMs: positive(flags, 'run-at-most') ?? Number.POSITIVE_INFINITY,
    close: flags.close === true,
    name: text(flags, 'name'),
    printLockName: flags['print-lock-name'] === true,
    outcomeFile: text(flags, 'outcome-file'),
    quiet: flags.quiet === true,
    json: flags.json === true,
    units: wholeNumber('--units', text(flags, 'units') ?? '1'),
    tag: text(flags, 'tag'),
    singleUse: flags['single-use'] === true,
    closedForMs: positive(flags, 'for') ?? Number.POSITIVE_INFINITY,
    force: flags.force === true,
    yes: flags.yes === true,
    since: since(flags),
    outcomes: text(flags, 'outcome')?.split(','),
    limit: wholeNumber('--limit', text(flags, 'limit') ?? '100'),
    perMs: positive(flags, 'per') ?? Number.POSITIVE_INFINITY,
    keepMs: positive(flags, 'keep') ?? Number.POSITIVE_INFINITY,
    actor: text(flags, 'actor'),
    mates: wholeNumber('--mates', text(flags, 'mates') ?? '1'),
    labels: anyText(flags, 'labels'),
    selector: anyText(flags, 'selector'),
    payload: anyText(flags, 'payload'),
    ticket: ticket(flags),
    reason: reason(flags),
    all: flags.all === true,
    watch: flags.watch === true,
    host: text(flags, 'host'),
    port: text(flags, 'port'),
    pool: text(flags, 'pool'),
    as: text(flags, 'as'),
    listen: text(flags, 'listen')?.split(','),
    poolsFile: text(flags, 'pools'),
    tokenFile: text(flags, 'token-file'),
    insecure: flags.insecure === true,
    tlsCert: text(flags, 'tls-cert'),
    tlsKey: text(flags, 'tls-key'),
    logFormat: logFormat(flags),
  }
}

function text(flags: FlagValues, name: FlagName): string | undefined {
  const value = flags[name]
  if (value === '') throw new SeraError('usage', `--${name} is empty; is a variable unset?`)
  return typeof value === 'string' ? value : undefined
}

/** Nothing is something, too. */
function anyText(flags: FlagValues, name: FlagName): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

function duration(flags: FlagValues, name: FlagName): number | undefined {
  const value = text(flags, name)
  if (value === undefined) return undefined
  const ms = parseDuration(value)
  if (ms === undefined)
    throw new SeraError('usage', `--${name} takes a time such as 30s, 5m or 1h30m, not ${quoted(value)}`)
  return ms
}

/** Infinity when the flag is absent. */
function wait(flags: FlagValues, name: FlagName): number {
  const value = text(flags, name)
  if (value === undefined) return Number.POSITIVE_INFINITY
  const ms = parseWait(value)
  if (ms === undefined)
    throw new SeraError('usage', `--${name} takes 0, 90, 1.5, 500ms, 90s, 5m, 1h30m or forever, not ${quoted(value)}`)
  return ms
}

function positive(flags: FlagValues, name: FlagName): number | undefined {
  const ms = duration(flags, name)
  if (ms === 0) throw new SeraError('usage', `--${name} 0 would be over at once; give a longer time`)
  return ms
}

function since(flags: FlagValues): number | Date | undefined {
  const value = text(flags, 'since')
  if (value === undefined) return undefined
  const moment = parseDuration(value) ?? parseDate(value)
  if (moment === undefined)
    throw new SeraError('usage', `--since takes 2h, 7d, 2026-11-21 or 2026-11-21T16:40 (UTC), not ${quoted(value)}`)
  return moment
}

function exitCode(flags: FlagValues): number | undefined {
  const value = text(flags, 'timeout-exit-code')
  if (value === undefined) return undefined
  if (!/^\d{1,3}$/.test(value) || Number(value) > 255) {
    throw new SeraError('usage', `--timeout-exit-code takes a number from 0 to 255, not ${quoted(value)}`)
  }
  return Number(value)
}

function ticket(flags: FlagValues): number | undefined {
  const value = text(flags, 'ticket')
  return value === undefined ? undefined : wholeNumber('--ticket', value)
}

/** What the history has room for. */
const LONGEST_REASON = 500

function reason(flags: FlagValues): string | undefined {
  const value = text(flags, 'reason')
  const { length } = [...(value ?? '')]
  if (length <= LONGEST_REASON) return value
  throw new SeraError('usage', `--reason has ${length} characters; it takes at most ${LONGEST_REASON}`)
}

function logFormat(flags: FlagValues): LogFormat {
  const value = text(flags, 'log-format') ?? 'lanes'
  if (value === 'lanes' || value === 'json') return value
  throw new SeraError('usage', `--log-format takes lanes or json, not ${quoted(value)}`)
}

/** @throws SeraError usage, for what is no whole number; whether it is one that will do, others say */
export function wholeNumber(what: string, text: string): number {
  const number = Number(text)
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(number)) return number
  const kind = /^[+-]?\d+$/.test(text) ? `a whole number below ${Number.MAX_SAFE_INTEGER} either way` : 'a whole number'
  throw new SeraError('usage', `${what}: expected ${kind}, got ${quoted(text)}`)
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
