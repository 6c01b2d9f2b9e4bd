/** `sera serve`: runs the gateway until a signal ends it. */
import { setMaxListeners } from 'node:events'
import { readToken } from '../../cli/args/file-argument.js'
import type { RunOptions } from '../../cli/args/options.js'
import { sleep } from '../../clock.js'
import { SeraError } from '../../errors.js'
import { gatewayApp } from '../../gateway/app.js'
import { DEFAULT_LISTEN, GatewayListener, isLoopback, listenAddressOf } from '../../gateway/http/listen.js'
import { GatewayMetrics } from '../../gateway/metrics/metrics.js'
import type { Host } from '../../host.js'
import type { RunContext, Task } from '../../run/context.js'
import { openSession, openTables } from '../../run/open-session.js'
import { type NewHistoryEntry, writeHistory } from '../../store/tables/history.js'
import type { LockTables } from '../../store/tables/lock-tables.js'
import { openServeLog } from './access-log.js'
import { PoolsFile, readTls } from './files.js'
import { notifyReady } from './readiness.js'

export function serve(_: readonly string[], options: RunOptions): Task {
  const places = (options.listen ?? [DEFAULT_LISTEN]).map(listenAddressOf)
  const token = readToken(options.tokenFile)
  const tls = readTls(options.tlsCert, options.tlsKey)
  const open = places.find(place => !isLoopback(place))
  if (open && token === undefined && !options.insecure) {
    const where = `${open.host ?? ''}:${open.port}`
    throw new SeraError(
      'usage',
      `--listen ${where} is reachable from other hosts: use --token-file, or --insecure to allow any client`,
    )
  }
  return async context => {
    const { host, messages } = context
    const pools = new PoolsFile(options.pools, problem => messages.complain(problem))
    const closing = new AbortController()
    setMaxListeners(0, closing.signal) // every waiting request listens to it
    const metrics = new GatewayMetrics(host.clock)
    const failed = (error: unknown) => metrics.databaseFailed(codeOf(error))
    const tables = openTables(context, { failed })
    const session = openSession(tables, context, { reapEveryMs: REAP_EVERY_MS })
    session.reaper.start(closing.signal)
    const log = openServeLog(context, options.logFormat)
    const app = gatewayApp({
      session,
      tables,
      clock: host.clock,
      random: host.random,
      token,
      insecure: options.insecure,
      pools: () => pools.current,
      log,
      remember: ending => void remember(tables, ending, context),
      metrics,
      closing: closing.signal,
    })
    const listener = new GatewayListener(app.fetch, tls, host.clock)
    try {
      for (const place of places) messages.news(`listening on ${await listener.open(place)}`)
      void notifyReady(context)
      await endSignal(host, () => pools.reload())
      return { kind: 'done' }
    } finally {
      closing.abort()
      await listener.close()
      await session.close()
      log.close()
    }
  }
}

/** A gateway runs for a long time and its clients often vanish, so it reaps more often than a command does. */
const REAP_EVERY_MS = 20_000

/** The next waiter goes first, so the entry is written after a pause, and given up after a while. */
const REMEMBERED_AFTER_MS = 200
const REMEMBERED_WITHIN_MS = 5000

async function remember(
  tables: LockTables,
  ending: NewHistoryEntry,
  { settings, messages, host: { clock } }: RunContext,
): Promise<void> {
  if (!settings.history) return
  await sleep(clock, REMEMBERED_AFTER_MS)
  const deadline = { until: clock.now() + REMEMBERED_WITHIN_MS }
  await writeHistory(tables, ending, settings.history.keepMs, deadline).catch(error =>
    messages.note(`cannot write to the history: ${error.message}`),
  )
}

function codeOf(error: unknown): string {
  const { code, kind } = error as { code?: unknown; kind?: unknown }
  return String(code ?? kind ?? 'unknown')
}

/** Resolves when a signal ends the gateway; HUP reloads the pools. */
function endSignal(host: Host, reload: () => void): Promise<void> {
  return new Promise(resolve => {
    const stop = host.onSignal(signal => {
      if (signal === 'SIGHUP') return reload()
      if (signal !== 'SIGTERM' && signal !== 'SIGINT' && signal !== 'SIGQUIT') return
      stop()
      resolve()
    })
  })
}
