/** `sera <wait> <command…>`: one mutex around one command. */
import type { MutexEngine, OnQueued } from '../../claims/lock.js'
import { shortened } from '../../cli/output/progress-line.js'
import { within } from '../../clock.js'
import { describeDsn } from '../../config/dsn.js'
import type { Deadline } from '../../deadline.js'
import { lockName } from '../../lockname/lockname.js'
import type { WithoutRun } from '../../run/await-grant.js'
import type { RunContext, Task } from '../../run/context.js'
import type { RunnableLock } from '../../run/hold-lock.js'
import { type LockSource, type OpenLock, runLocked } from '../../run/run-locked.js'
import { describeHolder } from '../../status/claim-text.js'
import { LazyTables, openEngine } from './mutex-engine.js'

export function classic(): Task {
  return context => runLocked(mutexSource(context), context)
}

function mutexSource(context: RunContext): LockSource {
  const { command, options, settings } = context
  const lock = lockName(command, { name: options.name, namespace: settings.namespace })
  const server = describeDsn(settings.server)
  return { lock, title: `lock ${lock}`, server, open: () => openMutex(lock, context) }
}

async function openMutex(lock: string, context: RunContext): Promise<OpenLock> {
  const { host, options, settings, shown } = context
  const tables = new LazyTables(lock, context)
  const mutex = await openEngine(lock, tables, context)
  return {
    what: `for ${shortened(options.name ?? shown.join(' '))}`,
    // loaded only if a person watches
    ask: async () => (await import('../../cli/output/queue-summary.js')).holderSummary(mutex, host.clock)(),
    acquire: (deadline, onQueued) =>
      settings.waitAndSkip ? runOrSkip(mutex, deadline, onQueued, context) : mutex.acquire(deadline, onQueued),
    async explainTimeout() {
      const holder = await mutex.holder()
      return holder ? { holder } : {}
    },
    record: outcome => tables.record(outcome),
    close: () => mutex.close(),
  }
}

/** `--wait-and-skip`: the first holder runs the command; all others wait until it has finished, and run nothing. */
async function runOrSkip(
  mutex: MutexEngine,
  deadline: Deadline,
  onQueued: OnQueued | undefined,
  context: RunContext,
): Promise<RunnableLock | WithoutRun | undefined> {
  const { host, messages } = context
  const lock = await mutex.acquire({ ...deadline, until: host.clock.now() }, onQueued)
  if (lock) {
    messages.detail('lock acquired; running the command')
    return lock
  }
  if (messages.isRead) messages.news(`${await holderText(mutex, context)} holds the lock; will skip when it finishes`)
  return (await mutex.awaitFree(deadline)) ? { outcome: { kind: 'skipped' } } : undefined
}

/** The question about the holder must not delay the wait for long. */
const HOLDER_LIMIT_MS = 1000

async function holderText(mutex: MutexEngine, { host }: RunContext): Promise<string> {
  const holder = await within(host.clock, HOLDER_LIMIT_MS, mutex.holder()).catch(() => undefined)
  return holder ? describeHolder(holder) : 'another process'
}
