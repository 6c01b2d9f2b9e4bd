/**
 * One small HTTP request over a connection of its own.
 *
 * Not fetch, which gives up a wait after five minutes on Node; and no connection is kept for the next request, which
 * may be due only when the server has long closed it.
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Clock } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { codeOf, explain, isTransient } from '../network-errors.js'

export interface HttpRequestOptions {
  clock: Clock
  headers: Readonly<Record<string, string>>
  /** By when the answer must be whole. */
  deadline: Deadline
}

export interface HttpReply {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** There was no answer, or none that says anything of what was asked. */
export class NoAnswer extends Error {
  constructor(
    message: string,
    /** The same again may be answered. */
    readonly transient: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** What sera asks for fits on a line. */
const LONGEST_REPLY = 4096
/** A server whose host has vanished is noticed while it is waited for. */
const KEEP_ALIVE_MS = 15_000

/** @throws NoAnswer, or the signal's reason when it aborts */
export async function httpRequest(url: URL, ask: HttpRequestOptions): Promise<HttpReply> {
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  const { signal } = ask.deadline
  signal?.throwIfAborted()
  const sent = request(url, { agent: false, headers: ask.headers, signal })
  try {
    return await replyTo(sent, ask)
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof NoAnswer ? error : new NoAnswer(said(error, url), isTransient(error), { cause: error })
  } finally {
    sent.destroy()
  }
}

function replyTo(sent: ClientRequest, { clock, deadline }: HttpRequestOptions): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadline.until - clock.now(), () =>
      sent.destroy(new NoAnswer('no answer in time', true)),
    )
    sent.once('close', cancel)
    sent.on('error', reject)
    sent.on('response', response => read(response).then(resolve, reject))
    sent.setSocketKeepAlive(true, KEEP_ALIVE_MS)
    sent.end()
  })
}

async function read(response: IncomingMessage): Promise<HttpReply> {
  let text = ''
  response.setEncoding('utf8')
  for await (const part of response) {
    text += part
    if (text.length > LONGEST_REPLY)
      throw new NoAnswer('the answer is none of a server of pools: it is too long', false)
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

/** Codes of TLS and HTTP, which Node and Bun have different ones of; the rest is what databases know, too. */
function said(error: unknown, { protocol }: URL): string {
  const code = codeOf(error) ?? ''
  const { message, reason = message } = error as Error & { reason?: string }
  if (code.startsWith('HPE_')) return 'what listens there does not speak HTTP'
  if (/^EPROTO$|^ERR_SSL_/.test(code)) return PLAIN.test(message) ? NO_TLS : `TLS fails: ${wordsOf(message)}`
  if (UNTRUSTED.test(code)) return `${NOT_TRUSTED} (${message})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${reason}`
  // hung up on without a word
  if (protocol === 'http:' && message === 'socket hang up') return NO_HTTP
  return explain(error)
}

const PLAIN = /wrong.version.number|http.request|packet.length.too.long/i
const NO_TLS = 'it does not speak https there: is it http://?'
const NO_HTTP = 'the connection was closed without an answer: is it https://?'
const UNTRUSTED = /SELF_SIGNED_CERT|^UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)/
const NOT_TRUSTED = 'its certificate is not trusted; NODE_EXTRA_CA_CERTS=FILE trusts a private CA or a certificate'

/** Of OpenSSL's `write EPROTO 80…:error:0A000410:SSL routines:ssl3_read_bytes:tls alert…:../deps/….c:1605:`. */
function wordsOf(message: string): string {
  const [, reason = message] = /error:[^:]*:[^:]*:[^:]*:([^:]+)/.exec(message) ?? []
  return reason.replaceAll('_', ' ').toLowerCase()
}
