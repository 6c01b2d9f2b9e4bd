/**
 * The HTTP client of pools, for a sera gateway and for Distributex, which has neither `/renew/` nor the headers.
 *
 *     GET /get/?host=web-1&pool=nightly&id=…         YES or NO
 *     GET /wait/?host=web-1&pool=nightly&id=…        YES, as soon as it is granted
 *     GET /renew/?host=…&pool=…&id=…&token=…         OK; NO if this client no longer holds it with that token
 *     GET /release/?host=web-1&pool=nightly&id=…     OK; the header Sera-Released says whether it was held
 *
 * A holder that asks again gets YES again, so a request whose answer was lost can be repeated. Distributex identifies the holder
 * by its host; a sera gateway by host and id, which separates hosts with one name.
 */
import type { Clock } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { type HttpReply, httpRequest, NoAnswer } from './http-request.js'

export type Verb = 'get' | 'wait' | 'renew' | 'release'

const WORDS = ['YES', 'NO', 'OK', 'INVALID'] as const

export interface PoolAnswer {
  word: (typeof WORDS)[number]
  /** How long the pool is held, ms, from when the request was sent. Infinity: until its release. Undefined: unknown. */
  expiresInMs: number | undefined
  /** Fencing token. */
  token: string | undefined
  /** Of a release: whether the pool was still held. Undefined: unknown. */
  wasHeld: boolean | undefined
}

/** How long a server may take to answer a request that does not wait, ms. */
export const ANSWER_MS = 10_000

export class PoolClient {
  constructor(
    readonly url: URL,
    readonly pool: string,
    /** The name of this host, for the server. */
    readonly host: string,
    /** Unique to this run. */
    readonly id: string,
    /** The gateway's token. */
    readonly bearer: string | undefined,
    readonly clock: Clock,
  ) {}

  /** @throws NoAnswer; the signal's reason if it aborts */
  async ask(verb: Verb, deadline = this.soon(), token?: string): Promise<PoolAnswer> {
    const headers = this.bearer === undefined ? {} : { Authorization: `Bearer ${this.bearer}` }
    return answerOf(await httpRequest(this.#urlOf(verb, token), { clock: this.clock, headers, deadline }))
  }

  /** The deadline of a request that does not wait. */
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

/** Distributex does not send the header. */
function expiryOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  if (header === 'never') return Number.POSITIVE_INFINITY
  const seconds = Number(header)
  if (header !== '' && seconds >= 0) return seconds * 1000
  throw new NoAnswer(`its header Sera-Expires-In is not valid: ${JSON.stringify(header)}`, false)
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined
}

/** The statuses of a server that is shutting down or overloaded. */
const TRANSIENT = [408, 429, 500, 502, 503, 504]

const UNABLE = 'it answered 503: its database is unreachable, or it is shutting down'

function refusal(status: number, text: string): NoAnswer {
  const detail = detailOf(text)
  if (status === 200) return new NoAnswer(`the answer is not from a pool server: ${JSON.stringify(detail)}`, false)
  if (status === 503 && detail === 'NO') return new NoAnswer(UNABLE, true)
  const hint = status === 401 ? ' (give the token with --token-file)' : ''
  return new NoAnswer(`it answered ${status}${detail === '' ? '' : `: ${detail}`}${hint}`, TRANSIENT.includes(status))
}

/** The `detail` of a problem document (RFC 9457), or the start of another text. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    if (typeof detail === 'string') return detail
  } catch {}
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}
