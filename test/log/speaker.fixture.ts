/**
 * A short-lived program that logs and ends: `speaker <address> <severity> <text>`. It reports only on descriptor 3 how long
 * closing took. It exits with 7: at once, or with SPEAKER_LINGERS when nothing keeps the process alive.
 */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import type { Severity } from '../../src/log/log.js'
import { openLog } from '../../src/log/syslog.js'

const [address = '', severity = 'error', text = ''] = process.argv.slice(2)
const { SPEAKER_FACILITY: facility = 'local0', SPEAKER_LINES: lines = '1', SPEAKER_LINGERS: lingers } = process.env
// The time includes closing, not the loading of winston.
if (process.env.SPEAKER_LOADED) await import('../../src/log/transport.js')

const log = openLog({ address, facility, tag: 'sera' }, { pid: process.pid, spawn })
const start = performance.now()
for (let line = 1; line <= Number(lines); line += 1) log.write(severity as Severity, { line, text })
const written = performance.now() - start
await log.close()
const closed = performance.now() - start

writeSync(3, JSON.stringify({ written, closed, pid: process.pid }))
if (lingers) process.exitCode = 7
else process.exit(7)
