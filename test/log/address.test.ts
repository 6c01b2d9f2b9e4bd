import test from 'ava'
import { SeraError } from '../../src/errors.js'
import { parseAddress } from '../../src/log/address.js'
import { openLog } from '../../src/log/syslog.js'

test('an address is a socket, or a host and a port', t => {
  t.deepEqual(parseAddress('unix:/dev/log'), { kind: 'unix', path: '/dev/log' })
  t.deepEqual(parseAddress('udp://logs.example.net:514'), { kind: 'udp', host: 'logs.example.net', port: 514 })
  t.deepEqual(parseAddress('tcp://[::1]:6514'), { kind: 'tcp', host: '::1', port: 6514 })
})

for (const address of [
  '',
  '/dev/log',
  'unix:dev/log',
  'udp://host',
  'tls://host:1',
  'tcp://::1:514',
  'tcp://[::1]',
  'udp://a:b:1',
  'udp://h:1/',
]) {
  test(`"${address}" is not an address, and opening a log on it fails`, t => {
    const settings = { address, facility: 'local0', tag: 'sera' }
    const open = () => openLog(settings, { pid: 1, spawn: () => t.fail() as never })
    t.is(t.throws(open, { instanceOf: SeraError })?.kind, 'config')
  })
}

test('without settings a log drops its lines', async t => {
  const log = openLog(undefined, { pid: 1, spawn: () => t.fail() as never })
  log.write('error', { outcome: 'lost' })
  t.is(await log.close(), undefined)
})
