import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { spawn } from '../../src/child/program.js'
import { DEFAULT_SYSLOG } from '../../src/config/syslog.js'
import { trySyslog } from '../../src/log/trial.js'
import { testFolder } from '../support/environment.js'

test('a missing socket and one without a server have different problems', async t => {
  const folder = mkdtempSync(join(testFolder, 'trial-'))
  const at = (path: string) => trySyslog({ ...DEFAULT_SYSLOG, address: `unix:${path}` }, spawn)
  t.deepEqual(await at(join(folder, 'none')), { isBlind: false, isAbsent: true, problem: 'there is no such socket' })
  writeFileSync(join(folder, 'file'), '')
  t.deepEqual(await at(join(folder, 'file')), { isBlind: false, isAbsent: false, problem: 'no server listens there' })
})
