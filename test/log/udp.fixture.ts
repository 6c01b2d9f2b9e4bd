/** Sends while no server listens, then listens, sends again, and ends when that line arrives. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { openUdp } from '../../src/log/udp.js'

const port = Number(process.argv[2])
const wire = openUdp(port, async () => ['127.0.0.1'])
await wire.send('lost')
const syslog = createSocket('udp4').bind(port, '127.0.0.1')
await once(syslog, 'listening')
const arrived = once(syslog, 'message')
await wire.send('after')
process.stdout.write(String((await arrived)[0]))
wire.close()
syslog.close()
