/** A command that reads the counter, waits for a file, and writes the counter back if its token is still current. */
import { existsSync, writeFileSync } from 'node:fs'
import { until } from '../../../support/until.js'
import { CountingJob } from './job.js'

const [server = '', go = '', state = ''] = process.argv.slice(2)
const { SERA_LOCK = '', SERA_TOKEN = '' } = process.env
const job = new CountingJob({ servers: [server], kind: 'mutex', name: SERA_LOCK, guarded: true, limitMs: 10_000 }, 0)
const value = await job.read()
writeFileSync(state, 'read')
await until('the file', () => existsSync(go), { withinMs: 120_000 })
writeFileSync(state, (await job.write(Number(SERA_TOKEN), value + 1)) ? 'written' : 'refused')
job.close()
