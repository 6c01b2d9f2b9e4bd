/** `sera <wait> <command…>`: one mutex around one command. */
import { ancestors } from '../child/process-table.js'
import { sleep } from '../clock.js'
import { describeDsn } from '../config/dsn.js'
import type { Settings } from '../config/settings.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { lockName } from '../lockname/lockname.js'
import type { Outcome } from '../outcome.js'
import { attributesOf } from '../store/connect.js'
import { GetLockMutex } from '../store/get-lock.js'
import type { HeldLock, Mutex, Wait } from '../store/port.js'
import { voidRules } from '../store/void-server.js'
import { AutoMutex } from './auto-mutex.js'
import { childEnvironment, heldAbove, heldEntry } from './child-environment.js'
import { GuardInReserve } from './guard-in-reserve.js'
import { guardTimes } from './guarded-run.js'
import { hold } from './hold.js'
import { sayDetail, sayNews, type Voice } from './messages.js'
import type { Report } from './report.js'
import type { RunOptions } from './run-options.js'
import { showWaiting } from './waiting-line.js'

export interface ClassicCall {
  command: readonly string[]
  waitMs: number
  options: RunOptions
  settings: Settings
  voice: Voice
  /** Writes a warning to syslog as well. */
  warn: (message: string) => void
}

/** What is known of the run grows in `report`, so that a run that fails half-way still tells the rest. */
export async function classic(call: ClassicCall, host: Host, report: Partial<Report>): Promise<Outcome> {
  const { command, waitMs, options, settings } = call
  const server = describeDsn(settings.server)
  const lock = lockName(command, { name: options.name, namespace: settings.namespace })
  Object.assign(report, { lock, command, waitMs })
  if (heldAbove(host, lock, server, ancestors)) {
    throw new SeraError('conflict', `lock ${lock} is held by a sera above this one; waiting for it would never end`)
  }
  const mutex = await openMutex(call, host, lock)
  const marker = heldEntry(host.pid, lock, server)
  const reserve = new GuardInReserve({ ...guardTimes(settings), marker })
  try {
    const turn = await awaitTurn(call, host, mutex, reserve, report)
    if ('kind' in turn) return turn
    const facts = { lock, waitedMs: report.waitedMs ?? 0, token: turn.token, held: marker }
    const grantedAt = host.clock.now()
    const job = { ...options, ...settings, command, marker, env: childEnvironment(host.env, facts), warn: call.warn }
    const outcome = await hold(turn, job, host, reserve)
    report.ranMs = Math.round(host.clock.now() - grantedAt)
    return outcome
  } finally {
    reserve.dismiss()
    mutex.close()
  }
}

async function openMutex(call: ClassicCall, host: Host, lock: string): Promise<Mutex> {
  const { engine } = call.settings
  if (engine === 'lease') return await openLease(call, host, lock)
  const getLock = openGetLock(call, host, lock)
  if (engine === 'get_lock') return getLock
  return new AutoMutex(getLock, async () => {
    sayDetail(host, call.voice, 'the server is a member of a cluster; locking in the lock tables (engine lease)')
    return await openLease(call, host, lock)
  })
}

async function openLease({ command, settings }: ClassicCall, host: Host, lock: string): Promise<Mutex> {
  const [{ openParticipant }, { LeaseMutex }] = await Promise.all([
    import('./participant.js'),
    import('./lease-mutex.js'),
  ])
  return new LeaseMutex(lock, openParticipant(settings, host, command))
}

function openGetLock({ command, settings }: ClassicCall, host: Host, lock: string): Mutex {
  return new GetLockMutex(lock, {
    dsn: settings.server,
    connectWaitMs: settings.connectWaitMs,
    attributes: attributesOf(host.pid, command),
    leaseMs: settings.leaseMs,
    rules: voidRules(settings.engine, settings.allowMultiPrimary),
    clock: host.clock,
    random: host.random,
  })
}

/** Waits until the lock is held, or until it is known how the run ends without it. TERM and its like end the wait. */
async function awaitTurn(
  call: ClassicCall,
  host: Host,
  mutex: Mutex,
  reserve: GuardInReserve,
  report: Partial<Report>,
): Promise<HeldLock | Outcome> {
  const given = new AbortController()
  const stopListening = host.onSignal(signal => signal.startsWith('SIGUSR') || given.abort(new Interrupted(signal)))
  const queued = (lifeline: number | 'none' | undefined) => reserve.prepare(lifeline)
  const startedAt = host.clock.now()
  const wait = { until: startedAt + call.waitMs, signal: given.signal, queued }
  const stopShowing = showWaiting(host, { mutex, what: call.options.name ?? call.command.join(' '), until: wait.until })
  try {
    const turn = await (call.settings.waitAndSkip ? runOrSkip(call, host, mutex, wait) : mutex.acquire(wait))
    report.waitedMs = Math.round(host.clock.now() - startedAt)
    if (turn) return turn
    reserve.dismiss()
    const holder = isHeard(call, host) ? await Promise.race([mutex.holder(), sleep(HOLDER_LIMIT_MS)]) : undefined
    if (holder) report.holder = holder
    return { kind: 'timed-out' }
  } catch (error) {
    report.waitedMs = Math.round(host.clock.now() - startedAt)
    if (error instanceof Interrupted) return { kind: 'interrupted', signal: error.signal }
    throw error
  } finally {
    stopShowing()
    stopListening()
  }
}

/** To know who has the lock is worth this much to one who has given up. */
const HOLDER_LIMIT_MS = 1000

/** Whether anybody will read who had the lock. */
function isHeard({ settings, options, voice }: ClassicCall, host: Host): boolean {
  const read = settings.syslog ?? options.outcomeFile ?? (voice.verbose || host.stderr.isTerminal)
  return Boolean(read)
}

/** The first to lock runs; the others wait until it has finished, and don't. */
async function runOrSkip(
  call: ClassicCall,
  host: Host,
  mutex: Mutex,
  wait: Wait,
): Promise<HeldLock | Outcome | undefined> {
  const lock = await mutex.acquire({ ...wait, until: host.clock.now() })
  if (lock) {
    sayDetail(host, call.voice, 'first past the post; running the command')
    return lock
  }
  sayNews(host, call.voice, 'somebody else has the lock; waiting for them, and not running the command')
  return (await mutex.awaitFree(wait)) ? { kind: 'skipped' } : undefined
}

class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super(signal)
  }
}
