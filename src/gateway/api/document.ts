/** The general part of the OpenAPI document. Each operation is documented where it is implemented. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { VERSION } from '../../version.js'
import type { Env } from '../http/env.js'

/** A gateway without a token requires none. */
const ANY_TOKEN = [{ bearer: [] }, {}]

/** Read-only operations also accept the token as a password. */
export const READING = [{ bearer: [] }, { password: [] }, {}]

const SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: "The gateway's token (--token-file)" },
  password: {
    type: 'http',
    scheme: 'basic',
    description: 'For browsers: any user name, and the token as the password',
  },
} as const

export function documentOf(app: OpenAPIHono<Env>) {
  for (const [name, scheme] of Object.entries(SCHEMES)) {
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme)
  }
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'sera', version: VERSION, license: LICENSE, description: ABOUT },
    servers: [{ url: '/', description: 'The gateway that serves this document' }],
    security: ANY_TOKEN,
  })
}

const LICENSE = { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' }

const ABOUT = 'Locks, barriers and other primitives for HTTP clients. Errors are problem details (RFC 9457).'

/** `postMutexesClaims` for `POST /v1/mutexes/{name}/claims`. */
export function operationId(method: string, path: string): string {
  const words = path.replace(/^\/v1/, '').match(/[a-z]+(?![a-z]*})/g) ?? []
  return method + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
