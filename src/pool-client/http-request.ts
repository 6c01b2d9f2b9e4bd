/**
 * One small HTTP request over its own connection.
 *
 * Not `fetch`: on Node it ends a wait after five minutes. The connection is not reused: the server may have closed it by the next
 * request.
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Clock } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { codeOf, explain, isTransient } from '../network-errors.js'

export interface HttpRequestOptions {
  clock: Clock
  headers: Readonly<Record<string, string>>
  /** When the answer must be complete. */
  deadline: Deadline
}

export interface HttpReply {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** There was no answer, or none that a pool server gives. */
export class NoAnswer extends Error {
  constructor(
    message: string,
    /** A retry may get an answer. */
    readonly transient: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Characters. The answers of a pool server are short. */
const LONGEST_REPLY = 4096
/** Detects a server whose host vanished during a wait. */
const KEEP_ALIVE_MS = 15_000

/** @throws NoAnswer; the signal's reason if it aborts */
export async function httpRequest(url: URL, ask: HttpRequestOptions): Promise<HttpReply> {
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  const { signal } = ask.deadline
  signal?.throwIfAborted()
  const sent = request(url, { agent: false, headers: ask.headers, signal })
  try {
    return await replyTo(sent, ask)
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof NoAnswer
      ? error
      : new NoAnswer(explanationOf(error, url), isTransient(error), { cause: error })
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
    if (text.length > LONGEST_REPLY) throw new NoAnswer('the answer is not from a pool server: it is too long', false)
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

/** Explains TLS and HTTP errors, whose codes differ between Node and Bun. Other errors are those of any connection. */
function explanationOf(error: unknown, { protocol }: URL): string {
  const code = codeOf(error) ?? ''
  const { message, reason = message } = error as Error & { reason?: string }
  if (code.startsWith('HPE_')) return 'the server there does not speak HTTP'
  if (/^EPROTO$|^ERR_SSL_/.test(code)) return PLAIN.test(message) ? NO_TLS : `TLS fails: ${tlsReasonOf(message)}`
  if (UNTRUSTED.test(code)) return `${NOT_TRUSTED} (${message})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${reason}`
  // the server closed the connection without an answer
  if (protocol === 'http:' && message === 'socket hang up') return NO_HTTP
  return explain(error)
}

const PLAIN = /wrong.version.number|http.request|packet.length.too.long/i
const NO_TLS = 'the server there does not speak https: try http://'
const NO_HTTP = 'the server closed the connection without an answer: try https://'
const UNTRUSTED = /SELF_SIGNED_CERT|^UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)/
const NOT_TRUSTED = 'its certificate is not trusted; NODE_EXTRA_CA_CERTS=FILE trusts a private CA or a certificate'

/** The reason in OpenSSL's `write EPROTO 80…:error:0A000410:SSL routines:ssl3_read_bytes:tls alert…:../deps/….c:1605:`. */
function tlsReasonOf(message: string): string {
  const [, reason = message] = /error:[^:]*:[^:]*:[^:]*:([^:]+)/.exec(message) ?? []
  return reason.replaceAll('_', ' ').toLowerCase()
}
