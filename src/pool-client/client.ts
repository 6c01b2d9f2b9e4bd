/**
 * The client's side of pools: of a sera gateway, or of a Distributex, which knows neither `/renew/` nor the headers.
 *
 *     GET /get/?host=web-1&pool=nightly&id=…         YES or NO
 *     GET /wait/?host=web-1&pool=nightly&id=…        YES, when it is granted
 *     GET /renew/?host=…&pool=…&id=…&token=…         OK, or NO when they no longer have it by that token
 *     GET /release/?host=web-1&pool=nightly&id=…     OK; the header Sera-Released says whether they had it
 *
 * Who has the pool hears YES again, so what was asked and not heard can be asked again. To a Distributex that is the
 * host; a sera gateway goes by the id as well, which keeps hosts of one name apart.
 */
import type { Clock } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { type HttpReply, httpRequest, NoAnswer } from './http-request.js'

export type Verb = 'get' | 'wait' | 'renew' | 'release'

const WORDS = ['YES', 'NO', 'OK', 'INVALID'] as const

export interface PoolAnswer {
  word: (typeof WORDS)[number]
  /** How long it is held, ms, from when it was asked on; Infinity: until it is given back; undefined: not said. */
  expiresInMs: number | undefined
  /** Fencing token. */
  token: string | undefined
  /** Whether a pool that was given back was held until then; undefined: not said. */
  wasHeld: boolean | undefined
}

/** For a server to answer what it need not wait for, ms. */
export const ANSWER_MS = 10_000

export class PoolClient {
  constructor(
    readonly url: URL,
    readonly pool: string,
    /** The one who asks. */
    readonly host: string,
    /** The same for all requests of a run, and for no others. */
    readonly id: string,
    /** What opens the server. */
    readonly bearer: string | undefined,
    readonly clock: Clock,
  ) {}

  /** @throws NoAnswer, or the signal's reason when it aborts */
  async ask(verb: Verb, deadline = this.soon(), token?: string): Promise<PoolAnswer> {
    const headers = this.bearer === undefined ? {} : { Authorization: `Bearer ${this.bearer}` }
    return answerOf(await httpRequest(this.#urlOf(verb, token), { clock: this.clock, headers, deadline }))
  }

  /** For an answer that need not be waited for. */
  soon(signal?: AbortSignal, ms = ANSWER_MS): Deadline {
    return { until: this.clock.now() + ms, signal }
  }

  #urlOf(verb: Verb, token: string | undefined): URL {
    const url = new URL(this.url)
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${verb}/`
    url.search = new URLSearchParams({
      host: this.host,
      pool: this.pool,
      id: this.id,
      ...(token === undefined ? {} : { token }),
    }).toString()
    return url
  }

  /** For messages: `http://gw:9989`. */
  get name(): string {
    return this.url.href.replace(/\/$/, '')
  }
}

function answerOf({ status, headers, text }: HttpReply): PoolAnswer {
  const word = WORDS.find(known => known === text.trim())
  if (status !== 200 || word === undefined) throw refusal(status, text)
  return {
    word,
    expiresInMs: expiryOf(headers['sera-expires-in']),
    token: textOf(headers['sera-token']),
    wasHeld: { yes: true, no: false }[textOf(headers['sera-released']) ?? ''],
  }
}

/** Absent: a Distributex. */
function expiryOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  if (header === 'never') return Number.POSITIVE_INFINITY
  const seconds = Number(header)
  if (header !== '' && seconds >= 0) return seconds * 1000
  throw new NoAnswer(`it says that the pool expires in ${JSON.stringify(header)} seconds`, false)
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined
}

/** A server that is ending or has too much to do says so with these. */
const TRANSIENT = [408, 429, 500, 502, 503, 504]

const UNABLE = 'it answered 503: it can’t ask its database, or is ending'

function refusal(status: number, text: string): NoAnswer {
  const detail = detailOf(text)
  if (status === 200) return new NoAnswer(`the answer is none of a server of pools: ${JSON.stringify(detail)}`, false)
  if (status === 503 && detail === 'NO') return new NoAnswer(UNABLE, true)
  const hint = status === 401 ? ' (--token-file)' : ''
  return new NoAnswer(`it answered ${status}${detail === '' ? '' : `: ${detail}`}${hint}`, TRANSIENT.includes(status))
}

/** The sentence of a problem document (RFC 9457), or what there is. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    if (typeof detail === 'string') return detail
  } catch {}
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}
