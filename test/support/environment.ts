/**
 * What a test gives to the programs that it starts: nothing of this machine's own. `npm test` runs with it, too.
 *
 * Kept are PATH, where the programs are; TMPDIR, where tests may write; and what says how to run the tests.
 */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Of this run of the tests; removed at its end. */
export const testFolder = process.env.SERA_TEST_DIR ?? mkdtempSync(join(tmpdir(), 'sera-test-'))

const KEPT = /^(PATH|TMPDIR|CI|NODE_V8_COVERAGE|SERA_TEST_\w+)$/

/** As of a user whose home is `home`: for cron, a service or a container. */
export function environmentAt(home: string): NodeJS.ProcessEnv {
  const { PATH, NODE_V8_COVERAGE: coverage } = process.env
  const counted = coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage }
  return { PATH, HOME: home, XDG_STATE_HOME: home, LANG: 'C.UTF-8', SERA_CONFIG: emptyConfig(), ...counted }
}

/** For the tests themselves. */
export function testEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name))
  return { ...environmentAt(testFolder), TZ: 'UTC', ...Object.fromEntries(kept) }
}

/** In the place of `/etc/sera.json`, which the machine may have. */
function emptyConfig(): string {
  const file = join(testFolder, 'sera.json')
  if (!existsSync(file)) writeFileSync(file, '{}\n', { mode: 0o644 })
  return file
}
