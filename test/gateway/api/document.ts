/** Checks a gateway's answers against its OpenAPI document. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>>
  components?: object
}

export interface Document {
  /** Such as `POST /v1/mutexes/{name}/claims`. */
  operations: string[]
  /** @throws if an answer is not as documented */
  check(method: string, path: string, answer: { status: number; headers: Headers; body: unknown }): void
}

/** The answers checked so far, such as `POST /v1/mutexes/{name}/claims 200`. */
export const seen = new Set<string>()

export function documented(document: unknown): Document {
  const { paths, components } = document as OpenApi
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema({ $id: 'api', components }, 'api')
  const validators = new Map<string, ValidateFunction>()
  const validatorOf = (name: string, schema: object) => {
    const validate = validators.get(name) ?? ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')))
    validators.set(name, validate)
    return validate
  }
  const operationAt = (method: string, path: string) => {
    const template = Object.keys(paths).find(one => pattern(one).test(path))
    return (
      template && paths[template]?.[method.toLowerCase()] && { template, ...paths[template]?.[method.toLowerCase()] }
    )
  }
  return {
    operations: Object.entries(paths).flatMap(([path, item]) => {
      return Object.keys(item).map(method => `${method.toUpperCase()} ${path}`)
    }),
    check(method, path, { status, headers, body }) {
      const operation = operationAt(method, path)
      if (!operation) return
      const name = `${method} ${operation.template} ${status}`
      seen.add(name)
      const response = operation.responses?.[status]
      if (!response) throw new Error(`${name} is not documented: ${JSON.stringify(body)}`)
      const [type] = (headers.get('content-type') ?? '').split(';')
      const promised = response.content?.[type ?? '']
      if (!promised && (response.content || body !== undefined)) throw new Error(`${name}: ${type} is not documented`)
      if (!promised) return
      const validate = validatorOf(name, promised.schema)
      if (!validate(body)) throw new Error(`${name}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body)}`)
    },
  }
}

function pattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
}
