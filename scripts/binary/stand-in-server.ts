/**
 * Implements the part of the MySQL protocol that `sera <wait> <command>` needs to get its lock at once, so that the
 * binary can run without a server. Every query for a number returns 1.
 *
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

const COM_QUIT = 1
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0])
const EOF = Buffer.from([0xfe, 0, 0, 2, 0])
const NULL = Buffer.from([0xfb])
const LONGLONG = 8

/** PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB, CONNECT_ATTRS */
const CAPABILITIES = 0x00188208

/**
 * The lock is granted after this time. What sera does after 100 ms of waiting is then in every recording, also in one that is made on
 * a busy machine: two recordings are the same.
 */
const GRANT_MS = 1000

export async function listen(path: string): Promise<{ dsn: string; close(): void }> {
  const server = createServer(serve).listen(path)
  await once(server, 'listening')
  return { dsn: `sera:secret@unix(${path})/sera`, close: () => server.close() }
}

function serve(socket: Socket): void {
  socket.on('error', () => {})
  send(socket, 0, [greeting()])
  let authenticated = false
  // a statement of sera is one packet, and arrives in one piece on a local socket
  socket.on('data', packet => {
    const [command, text] = [packet[4], packet.toString('latin1', 5)]
    if (!authenticated) send(socket, 2, [OK])
    else if (command === COM_QUIT) socket.end()
    else setTimeout(answer, text.includes('GET_LOCK(') ? GRANT_MS : 0, socket, text)
    authenticated = true
  })
}

function answer(socket: Socket, text: string): void {
  send(socket, 1, text.startsWith('SELECT') ? resultOf(text) : [OK])
}

function send(socket: Socket, first: number, payloads: Buffer[]): void {
  const framed = payloads.map((payload, i) => Buffer.concat([uint(payload.length, 3), uint(first + i, 1), payload]))
  socket.write(Buffer.concat(framed))
}

function greeting(): Buffer {
  return Buffer.concat([
    Buffer.from('\x0a5.5.5-10.11.0-MariaDB\0'),
    uint(1, 4),
    Buffer.from('12345678\0'),
    uint(CAPABILITIES & 0xffff, 2),
    Buffer.from([45, 2, 0]),
    uint(CAPABILITIES >>> 16, 2),
    Buffer.from([21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0mysql_native_password\0'),
  ])
}

/** One row: 1 in every column, and no reason against GET_LOCK. */
function resultOf(sql: string): Buffer[] {
  const names = [...sql.matchAll(/ AS (\w+)/g)].map(([, name = '']) => name)
  const row = names.map(name => (name === 'void' ? NULL : text('1')))
  return [Buffer.from([names.length]), ...names.map(column), EOF, Buffer.concat(row), EOF]
}

function column(name: string): Buffer {
  const [catalog, nothing] = [text('def'), text('')]
  const type = Buffer.from([0x0c, 63, 0, 20, 0, 0, 0, LONGLONG, 0, 0, 0, 0, 0])
  return Buffer.concat([catalog, nothing, nothing, nothing, text(name), nothing, type])
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
}

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntLE(value, 0, bytes)
  return buffer
}
