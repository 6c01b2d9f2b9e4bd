/** `sera status --watch`: refreshes the view on the alternate screen, or prints a line of JSON for each change. */
import { statusLines } from '../../cli/output/status-lines.js'
import { cut, harmless } from '../../cli/output/width.js'
import { every, sleep } from '../../clock.js'
import { SeraError } from '../../errors.js'
import type { Host } from '../../host.js'
import type { Outcome } from '../../outcome.js'
import { formatLength } from '../../status/claim-text.js'
import { statusObject, withoutTimes } from '../../status/json.js'
import { readStatus, type StatusQuery } from '../../status/read-status.js'
import type { StatusView } from '../../status/resource-view.js'
import { explain } from '../../store/mysql/retry.js'
import type { RetryingClient } from '../../store/tables/retrying-client.js'

const EVERY_MS = 1000

/** In raw mode, Ctrl-C and Ctrl-D arrive as keys. */
const ENDS = ['q', 'Q', '\x03', '\x04']

/** Runs until q, Ctrl-C or a signal, and always restores the terminal. */
export async function watchScreen(client: RetryingClient, question: StatusQuery, host: Host): Promise<Outcome> {
  const end = ending(host)
  // if the first read fails, its error must be on the normal screen
  const first = await readStatus(client, question, { until: host.clock.now(), signal: end.signal })
  const screen = new Screen(question, host)
  const stopKeys = host.stdin.keys(key => ENDS.includes(key) && end.now({ kind: 'done' }))
  try {
    host.stdout.write(ENTER)
    screen.show(first)
    return await looking(client, question, host, end, screen)
  } finally {
    stopKeys()
    host.stdout.write(LEAVE)
    end.forget()
  }
}

/** Prints an object a line, when anything but a duration has changed. */
export async function watchLines(client: RetryingClient, question: StatusQuery, host: Host): Promise<Outcome> {
  const end = ending(host)
  let last = ''
  const show = (statusView: StatusView) => {
    const object = statusObject(statusView)
    const state = withoutTimes(object)
    if (state !== last && !host.stdout.write(`${JSON.stringify(object)}\n`)) end.now({ kind: 'done' })
    last = state
  }
  try {
    show(await readStatus(client, question, { until: host.clock.now(), signal: end.signal }))
    return await looking(client, question, host, end, { show, unreachable: () => {} })
  } finally {
    end.forget()
  }
}

interface Viewer {
  show(statusView: StatusView): void
  /** @param since when the database stopped answering, monotonic ms */
  unreachable(since: number, why: string): void
}

/** Reads once a second, on one connection, and retries while the database is unreachable. */
async function looking(
  client: RetryingClient,
  question: StatusQuery,
  host: Host,
  end: WatchEnd,
  viewer: Viewer,
): Promise<Outcome> {
  let trouble: { since: number; why: string } | undefined
  const report = (since: number, why: string) => viewer.unreachable(trouble?.since ?? since, why)
  try {
    for (;;) {
      await sleep(host.clock, EVERY_MS, end.signal)
      const startedAt = host.clock.now()
      const cancel = every(host.clock, EVERY_MS, () => report(startedAt, trouble?.why ?? 'no answer'))
      try {
        viewer.show(await untilEnd(readStatus(client, question, { until: startedAt, signal: end.signal }), end))
        trouble = undefined
      } catch (error) {
        if (!(error instanceof SeraError)) throw error
        trouble = { since: trouble?.since ?? startedAt, why: explain(error.cause ?? error) }
        report(startedAt, trouble.why)
      } finally {
        cancel()
      }
    }
  } catch (error) {
    if (end.outcome) return end.outcome
    throw error
  }
}

/** Rejects when the watch ends, also if the server hangs. */
function untilEnd<T>(work: Promise<T>, { signal }: WatchEnd): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

interface WatchEnd {
  signal: AbortSignal
  outcome: Outcome | undefined
  now(outcome: Outcome): void
  forget(): void
}

function ending(host: Host): WatchEnd {
  const controller = new AbortController()
  const end: WatchEnd = {
    signal: controller.signal,
    outcome: undefined,
    now(outcome) {
      end.outcome ??= outcome
      controller.abort(new Error('ended'))
    },
    forget: host.onSignal(signal => {
      if (!signal.startsWith('SIGUSR'))
        end.now(signal === 'SIGINT' ? { kind: 'done' } : { kind: 'interrupted', signal })
    }),
  }
  return end
}

/** The alternate screen, without a cursor and without wrapping. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'

class Screen implements Viewer {
  #statusView: StatusView | undefined
  #notice = ''

  constructor(
    readonly question: StatusQuery,
    readonly host: Host,
  ) {}

  show(statusView: StatusView): void {
    this.#statusView = statusView
    this.#notice = ''
    this.#draw()
  }

  unreachable(since: number, why: string): void {
    this.#notice = `database unreachable for ${formatLength(this.host.clock.now() - since)}, retrying: ${harmless(why)}`
    this.#draw()
  }

  /** Overwrites line by line, which does not flicker. Lines that do not fit are counted. */
  #draw(): void {
    const { stdout, env } = this.host
    const { rows, columns } = stdout
    const lines = this.#statusView ? statusLines(this.#statusView, this.question.name !== undefined, stdout, env) : []
    const room = rows - 1
    const shown =
      lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`]
    const foot = cut(this.#notice || `q quits; ${new Date(this.host.clock.wall()).toLocaleTimeString('sv')}`, columns)
    const screen = [...shown, ...Array<string>(Math.max(0, room - shown.length)).fill(''), foot]
    stdout.write(`\x1b[H${screen.map(line => `\x1b[2K${line}`).join('\r\n')}`)
  }
}
