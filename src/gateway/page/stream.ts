/**
 * Reads server-sent events and detects a dead connection: the server sends something at least every 15 s. EventSource would wait
 * forever, and would not retry after an error answer of a proxy.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

interface StreamHandlers {
  event(name: string, data: string): void
  lost(reason: string): void
}

const SILENCE_MS = 40_000
const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 15_000

/** Listens until the signal aborts. Reconnects by itself, with growing pauses. */
export async function listen(url: string, listener: StreamHandlers, signal: AbortSignal): Promise<void> {
  let pause = FIRST_RETRY_MS
  while (!signal.aborted) {
    try {
      for await (const { event, data } of connection(url, signal)) {
        pause = FIRST_RETRY_MS
        listener.event(event, data)
      }
      throw new Error('the gateway closed the connection')
    } catch (error) {
      if (signal.aborted) return
      listener.lost(reasonOf(error))
    }
    await rest(pause * (0.8 + 0.4 * Math.random()), signal)
    pause = Math.min(2 * pause, LAST_RETRY_MS)
  }
}

async function* connection(url: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const silence = new AbortController()
  const quiet = () => silence.abort(new Error('the gateway does not answer'))
  let timer = setTimeout(quiet, SILENCE_MS)
  try {
    const both = AbortSignal.any([signal, silence.signal])
    const response = await fetch(url, { headers: { Accept: 'text/event-stream' }, signal: both, cache: 'no-store' })
    if (!response.ok || !response.body) throw new Error(refusal(response.status))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    const events = new EventReader()
    for (;;) {
      const { done, value = '' } = await reader.read()
      clearTimeout(timer)
      timer = setTimeout(quiet, SILENCE_MS)
      if (done) return
      yield* events.read(value)
    }
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

interface ServerEvent {
  event: string
  data: string
}

/** Parses events from pieces of text. Ignores comments and other fields. */
class EventReader {
  #rest = ''

  read(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    return blocks.flatMap(block => {
      const fields = block.split('\n').map(line => /^(event|data): ?(.*)$/.exec(line) ?? [])
      const all = (wanted: string) => fields.flatMap(([, name, value = '']) => (name === wanted ? [value] : []))
      const data = all('data')
      return data.length === 0 ? [] : [{ event: all('event')[0] ?? 'message', data: data.join('\n') }]
    })
  }
}

function refusal(status: number): string {
  if (status === 401) return 'the gateway refused the token; reload the page to enter it again'
  return `the gateway answered ${status}`
}

/** Browsers report a failed connection as a TypeError with unhelpful texts. */
function reasonOf(error: unknown): string {
  return error instanceof TypeError ? 'the gateway is unreachable' : (error as Error).message
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
