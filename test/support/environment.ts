/**
 * The environment that a test gives to the programs that it starts: nothing of this machine. `npm test` runs with it,
 * too.
 *
 * It keeps PATH, where the programs are; TMPDIR, where tests may write; and the settings of the test run.
 */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder of this test run; removed at its end. */
export const testFolder = process.env.SERA_TEST_DIR ?? mkdtempSync(join(tmpdir(), 'sera-test-'))

const KEPT = /^(PATH|TMPDIR|CI|NODE_V8_COVERAGE|SERA_TEST_\w+)$/

/** The environment of a user with this home, for cron, a service or a container. */
export function environmentAt(home: string): NodeJS.ProcessEnv {
  const { PATH, NODE_V8_COVERAGE: coverage } = process.env
  const counted = coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage }
  return { PATH, HOME: home, XDG_STATE_HOME: home, LANG: 'C.UTF-8', SERA_CONFIG: emptyConfig(), ...counted }
}

/** The environment of the tests themselves. */
export function testEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name))
  return { ...environmentAt(testFolder), TZ: 'UTC', ...Object.fromEntries(kept) }
}

/** Replaces `/etc/sera.json`, which the machine may have. */
function emptyConfig(): string {
  const file = join(testFolder, 'sera.json')
  if (!existsSync(file)) writeFileSync(file, '{}\n', { mode: 0o644 })
  return file
}
