/** Answers for programs: JSON on one line, or YAML with `output=yaml`. */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { stringify } from 'yaml'

/** YAML 1.1 reads `no` and `on` as booleans, so they must be quoted. */
const YAML = { version: '1.1', lineWidth: 0 } as const

export function printed(c: Context, value: object): Response {
  if (c.req.query('output') === 'yaml') {
    return c.body(stringify(value, YAML), 200, { 'Content-Type': 'application/yaml' })
  }
  return json(c, value)
}

/** The newline is for people who read it in a terminal. */
export function json(c: Context, value: object, status: ContentfulStatusCode = 200): Response {
  return c.body(`${JSON.stringify(value)}\n`, status, { 'Content-Type': 'application/json' })
}
