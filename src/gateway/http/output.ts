/** Answers for programs: JSON on one line, or YAML where `output=yaml` asks for it. */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { stringify } from 'yaml'

/** Of another version of YAML `no` and `on` are words; those who read 1.1 get them quoted. */
const YAML = { version: '1.1', lineWidth: 0 } as const

export function printed(c: Context, value: object): Response {
  if (c.req.query('output') === 'yaml') {
    return c.body(stringify(value, YAML), 200, { 'Content-Type': 'application/yaml' })
  }
  return json(c, value)
}

/** With a newline, for those who read it in a terminal. */
export function json(c: Context, value: object, status: ContentfulStatusCode = 200): Response {
  return c.body(`${JSON.stringify(value)}\n`, status, { 'Content-Type': 'application/json' })
}
