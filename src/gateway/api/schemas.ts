/** The parts of requests and answers. The same schemas check them and document them. */
import { z } from '@hono/zod-openapi'
import { formatDuration, parseWait } from '../../config/duration.js'
import { SeraError } from '../../errors.js'
import { checkName, HIGHEST_COUNT, LONGEST_NAME } from '../../primitives/names.js'

/** The longest wait of one request, ms: proxies cut longer ones. */
export const LONGEST_WAIT_MS = 60_000
export const DEFAULT_WAIT_MS = 30_000
export const DEFAULT_LEASE_MS = 60_000
const SHORTEST_LEASE_MS = 1000
const LONGEST_LEASE_MS = 86_400_000
const LONGEST_LABEL = 500

/** A name, with the same rules as in the library and on the command line. */
export function name(what: string) {
  return z
    .string()
    .superRefine((text, context) => {
      const message = faultOf(() => checkName(what, text))
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .openapi({ minLength: 1, maxLength: LONGEST_NAME, description: `The ${what}'s name, without control characters` })
}

function faultOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof SeraError) return error.message
    throw error
  }
}

export const count = z.int().min(1).max(HIGHEST_COUNT)

/** Text only: a client could mean seconds or milliseconds by a number. */
export function duration(description: string, example: string, leastMs = 0, mostMs = Number.POSITIVE_INFINITY) {
  const range = leastMs === 0 ? '' : `, from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`
  return z
    .string()
    .refine(
      text => {
        const ms = parseWait(text)
        return ms !== undefined && ms >= leastMs && ms <= mostMs
      },
      { message: `expected a duration like 500ms, 30s or 1h30m${range}` },
    )
    .openapi({ description, example })
}

/** The schema has already checked `text`. */
export function milliseconds(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseWait(text) as number)
}

export const wait = duration(
  'How long the request waits, at most 60s. Default: 30s. 0: try once, without queueing',
  '30s',
)

export const lease = duration(
  'How long the grant lasts without a renewal. Default: 60s',
  '60s',
  SHORTEST_LEASE_MS,
  LONGEST_LEASE_MS,
)

export const label = z.string().max(LONGEST_LABEL).openapi({
  description: 'How `sera status` shows this client. Default: the User-Agent of the request',
  example: 'deploy of web-3',
})

export const id = z
  .guid('expected a UUID')
  .openapi({ description: "The claim's id", example: '6f1c3f0e-6a8e-4b5d-9a55-0f6f3a1a7c11' })

/** A UUID as the tables store it, and back. */
export const plain = (uuid: string) => uuid.replaceAll('-', '').toLowerCase()
export const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

export const idempotencyKey = z.object({
  'idempotency-key': id.optional().openapi({
    description:
      'A UUID, new for each request. A repeated request with the same id acts once. Default: the gateway makes one',
  }),
})

export const moment = z.iso.datetime().openapi({ description: "By the database's clock" })

export const token = z.string().openapi({
  description: 'Fencing token: a whole number, greater than the token of every earlier grant of this resource',
  example: '1795382412345678',
})

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    kind: z
      .string()
      .optional()
      .openapi({ description: 'The kind of error, for programs: usage, conflict, timed-out, …' }),
  })
  .openapi('Problem', { description: 'RFC 9457' })
