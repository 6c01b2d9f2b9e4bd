/** What requests and answers are made of: each is checked by what the document says of it. */
import { z } from '@hono/zod-openapi'
import { formatDuration, parseWait } from '../../config/duration.js'
import { SeraError } from '../../errors.js'
import { checkName, HIGHEST_COUNT, LONGEST_NAME } from '../../primitives/names.js'

/** So long a request waits at most, ms: proxies end what takes longer. */
export const LONGEST_WAIT_MS = 60_000
export const DEFAULT_WAIT_MS = 30_000
export const DEFAULT_LEASE_MS = 60_000
const SHORTEST_LEASE_MS = 1000
const LONGEST_LEASE_MS = 86_400_000
const LONGEST_LABEL = 500

/** As for the library and the command line. */
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

/** As text only: a number would be seconds to some and milliseconds to others. */
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

/** Checked before. */
export function milliseconds(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseWait(text) as number)
}

export const wait = duration(
  'How long the request waits: 30s when absent, and never longer than 60s. 0: it tries, and does not queue',
  '30s',
)

export const lease = duration(
  'How long the grant lasts without a renewal: 60s when absent',
  '60s',
  SHORTEST_LEASE_MS,
  LONGEST_LEASE_MS,
)

export const label = z.string().max(LONGEST_LABEL).openapi({
  description: 'What others see it as; what the request calls its program when absent',
  example: 'deploy of web-3',
})

export const id = z
  .guid('expected a UUID')
  .openapi({ description: "The claim's id", example: '6f1c3f0e-6a8e-4b5d-9a55-0f6f3a1a7c11' })

/** As the tables have ids, and back. */
export const plain = (uuid: string) => uuid.replaceAll('-', '').toLowerCase()
export const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

export const idempotencyKey = z.object({
  'idempotency-key': id.optional().openapi({
    description:
      'A UUID, new for everything that is asked for; asking again with it is asking once. Made here when absent',
  }),
})

export const moment = z.iso.datetime().openapi({ description: "By the database's clock" })

export const token = z.string().openapi({
  description: 'Fencing token: a whole number, greater than that of every earlier grant of this name',
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
      .openapi({ description: 'What went wrong, for programs: usage, conflict, timed-out, …' }),
  })
  .openapi('Problem', { description: 'RFC 9457' })
