/** From the OpenAPI document of the gateway, and from the schema of `sera status --json`. */
import { readFileSync } from 'node:fs'
import { inline, table, wrapped } from './markdown.mjs'

const ALWAYS = ['400', '401', '403', '413', '415', '421', '503']
const document = await openApi()

/** Each operation: what it does, its body, and what it answers. */
export function operations() {
  return Object.entries(document.paths)
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => operationText(method, path, operation)),
    )
    .join('\n\n')
}

/** The objects that answers consist of, and the answers that every operation may give. */
export function schemas() {
  const [first] = Object.values(Object.values(document.paths)[0])
  const always = ALWAYS.map(status => [status, inline(first.responses[status].description)])
  const objects = Object.entries(document.components.schemas).map(([name, schema]) => {
    const about = schema.description === undefined ? '' : `${wrapped(inline(schema.description))}\n\n`
    return `### ${name}\n\n${about}${fields(schema)}`
  })
  return [`### Answers of every operation\n\n${table(['Status', 'Meaning'], always)}`, ...objects].join('\n\n')
}

/** The object and each of its parts. */
export function statusObject() {
  const schema = JSON.parse(readFileSync('docs/status.schema.json', 'utf8'))
  const { resource, run, claim } = schema.$defs
  return [
    ['The object', schema],
    ['A resource', resource],
    ['A claim', claim],
    ['A run', run],
  ]
    .map(([title, part]) => `## ${title}\n\n${fields(part)}`)
    .join('\n\n')
}

function operationText(method, path, { summary, requestBody, responses, parameters = [] }) {
  const query = parameters.filter(parameter => parameter.in === 'query')
  const rows = query.map(({ name, schema, required, description }) => row(name, { description, ...schema }, required))
  const body = requestBody?.content['application/json'].schema
  const answers = Object.entries(responses)
    .filter(([status]) => !ALWAYS.includes(status))
    .map(([status, { description, content }]) => [status, inline(description), objectOf(content)])
  return [
    `### \`${method.toUpperCase()} ${path}\``,
    wrapped(inline(`${summary}.`)),
    rows.length === 0 ? '' : table(['Query', 'Type', 'Meaning'], rows),
    body === undefined ? '' : fields(body, 'Body'),
    table(['Status', 'Meaning', 'Object'], answers),
  ]
    .filter(text => text !== '')
    .join('\n\n')
}

function fields({ properties = {}, required = [] }, heading = 'Field') {
  const rows = Object.entries(properties).map(([name, schema]) => row(name, schema, required.includes(name)))
  return table([heading, 'Type', 'Meaning'], rows)
}

function row(name, schema, required) {
  return [`\`${name}\`${required ? '' : ' (optional)'}`, typeOf(schema), inline(schema.description ?? '')]
}

function objectOf(content) {
  const names = Object.values(content ?? {}).flatMap(({ schema }) => schema.anyOf ?? [schema])
  return names
    .flatMap(({ $ref }) => ($ref === undefined ? [] : [`[${nameOf($ref)}](#${nameOf($ref).toLowerCase()})`]))
    .join(' or ')
}

function typeOf({ $ref, anyOf, type, enum: values, items, format }) {
  if ($ref !== undefined) return nameOf($ref)
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ')
  if (values !== undefined) return values.map(value => `\`${value}\``).join(', ')
  if (type === 'array') return `list of ${typeOf(items)}`
  if (type === undefined) return 'any'
  return [type].flat().join(' or ') + (format === undefined ? '' : ` (${format})`)
}

function nameOf(reference) {
  return reference.split('/').at(-1)
}

/** The document needs no gateway: no route is called but that of the document. */
async function openApi() {
  const { api } = await import('../../src/gateway/api/api.ts')
  const nothing = new Proxy(() => {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => 0 : nothing),
    apply: () => nothing,
  })
  return (await api(nothing).request('/v1/openapi.json')).json()
}
