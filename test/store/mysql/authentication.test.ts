/** Authentication, at a server that demands one method and records the answers. */
import { createServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { SeraError } from '../../../src/errors.js'
import { connect } from '../../../src/store/mysql/connect.js'

/** LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH. @see protocol, "Handshake v10" */
const CAPABILITIES = 0x1 | 0x8 | 0x200 | 0x8000 | 0x80000
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0])

function packet(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = sequence
  return Buffer.concat([head, body])
}

function greeting(): Buffer {
  const fixed = Buffer.alloc(31)
  fixed.writeUInt16LE(CAPABILITIES & 0xffff, 13)
  fixed.writeUInt16LE(CAPABILITIES >>> 16, 18)
  fixed[20] = 21
  const salt = Buffer.alloc(13)
  return Buffer.concat([Buffer.from('\x0a8.0.0\0'), fixed, salt, Buffer.from('mysql_native_password\0')])
}

/** Switches every account to `method`, and accepts every answer. */
async function serverAsking(t: ExecutionContext, method: string) {
  const answers: string[] = []
  const talk = (socket: Socket) => {
    let received = 0
    socket.on('error', () => {})
    socket.on('data', data => {
      received++
      if (received === 1) return socket.write(packet(2, Buffer.from(`\xfe${method}\0salt`, 'latin1')))
      if (received === 2) {
        answers.push(data.subarray(4).toString())
        socket.write(packet(4, OK))
      }
      return undefined
    })
    socket.write(packet(0, greeting()))
  }
  const server = createServer(talk).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const opened = async (parameters: string) => {
    const dsn = parseDsn(`sera:s3cret@tcp(127.0.0.1:${port})/${parameters}`)
    const wait = { until: systemClock.now(), signal: new AbortController().signal }
    const to = { dsn, connectWaitMs: 0, attributes: {}, clock: systemClock, random: systemRandom }
    ;(await connect(to, wait)).destroy()
  }
  return { answers, opened }
}

test('a clear-text password is refused; the message names the parameter that allows it', async t => {
  const { answers, opened } = await serverAsking(t, 'mysql_clear_password')
  for (const parameters of ['', '?allowCleartextPasswords=false']) {
    const message = /asks for the password in clear text; .* add allowCleartextPasswords=true to the DSN$/
    const error = await t.throwsAsync(opened(parameters), { instanceOf: SeraError, message })
    t.notRegex(error.message, /s3cret/)
  }
  t.deepEqual(answers, [])
})

test('allowCleartextPasswords sends the password unchanged, followed by a NUL', async t => {
  const { answers, opened } = await serverAsking(t, 'mysql_clear_password')
  await opened('?allowCleartextPasswords=true')
  t.deepEqual(answers, ['s3cret\0'])
})

test('an unsupported method is named in one line', async t => {
  for (const method of ['client_ed25519', 'parsec', 'dialog']) {
    const { answers, opened } = await serverAsking(t, method)
    const message = new RegExp(
      `^[^\\n]*: the account authenticates by ${method}, which sera does not support; [^\\n]+$`,
    )
    await t.throwsAsync(opened(''), { instanceOf: SeraError, message })
    t.deepEqual(answers, [])
  }
})
