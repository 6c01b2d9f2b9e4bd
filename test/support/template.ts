/**
 * Data folders of test servers are copies of one template: initialising takes seconds, copying does not. The template
 * has the accounts and a certificate; its name is derived from its inputs.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { ServerBinary } from '../../src/embedded/binary.js'
import { initialise } from '../../src/embedded/initialise.js'
import { initialiseOptions } from '../../src/embedded/options.js'

const run = promisify(execFile)

const SQL = [
  'create database sera;',
  "create user 'sera'@'%' identified by 'secret';",
  "grant all on sera.* to 'sera'@'%';",
]

const TLS = `
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=sera-test-ca \
  -addext basicConstraints=critical,CA:TRUE -keyout ca-key.pem -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout key.pem -out server.csr
echo subjectAltName=DNS:localhost,IP:127.0.0.1 >server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 3650 -extfile server.ext -out cert.pem
`

export interface Template {
  data: string
  /** Folder with `ca.pem`, `cert.pem` and `key.pem`; undefined on a machine without openssl. */
  tls: string | undefined
}

/** The template of this server program, created if missing; several processes may call it at once. */
export async function template(binary: ServerBinary, cache: string): Promise<Template> {
  const recipe = JSON.stringify([binary, initialiseOptions({ kind: binary.kind, data: '', asRoot: false }), SQL, TLS])
  const folder = join(cache, `${binary.kind}-${createHash('md5').update(recipe).digest('hex').slice(0, 12)}`)
  if (!existsSync(folder)) await make(binary, folder)
  const tls = join(folder, 'tls')
  return { data: join(folder, 'data'), tls: existsSync(join(tls, 'cert.pem')) ? tls : undefined }
}

async function make(binary: ServerBinary, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const unfinished = await mkdtemp(`${folder}.`)
  try {
    await fill(binary, unfinished)
    await publish(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function fill(binary: ServerBinary, unfinished: string): Promise<void> {
  const data = join(unfinished, 'data')
  await initialise({ binary, data, asRoot: process.getuid?.() === 0, sql: SQL, env: process.env })
  // a copy is another server and creates its own identity
  await rm(join(data, 'auto.cnf'), { force: true })
  await mkdir(join(unfinished, 'tls'))
  await makeCertificate(join(unfinished, 'tls'))
}

async function makeCertificate(folder: string): Promise<void> {
  try {
    await run('sh', ['-euc', TLS, 'tls', folder])
  } catch (cause) {
    await writeFile(join(folder, 'why-not'), String(cause))
  }
}

/** A second process finds the folder taken, and uses it. */
async function publish(unfinished: string, folder: string): Promise<void> {
  try {
    await rename(unfinished, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  }
}
