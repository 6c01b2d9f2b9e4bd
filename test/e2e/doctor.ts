/** Runs `sera doctor` and reads its report. */
import type { ExecutionContext } from 'ava'
import { type CliOptions, sera } from '../support/cli.js'
import type { SeraRuntime } from '../support/runtimes.js'

export interface Found {
  group: string
  server: string | null
  name: string
  verdict: 'good' | 'warning' | 'bad' | 'unknown'
  says: string
  remedy: string | null
}

export interface DoctorRun {
  code: number | null
  healthy: boolean
  checks: Found[]
  /** Verdict, group and name of the checks that are bad or a warning, each once. */
  unwell: string[]
  /** The first check with that name. */
  find(name: string): Found
}

export async function visit(
  t: ExecutionContext,
  runtime: SeraRuntime,
  server: string | undefined,
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<DoctorRun> {
  const env = { ...(server === undefined ? {} : { SERA_SERVER: server }), ...options.env }
  const { code, stdout, stderr } = await sera(runtime, ['doctor', '--json', ...args], { ...options, env })
  t.is(stderr, '')
  t.notRegex(stdout, /secret/, 'no password')
  const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: Found[] }
  t.is(code, healthy ? 0 : 1)
  for (const { verdict, says, remedy } of checks) {
    t.true(says.length > 0)
    if (verdict === 'bad' || verdict === 'warning') t.true((remedy ?? '').length > 0, `${says}: the remedy is missing`)
  }
  const ill = checks.filter(({ verdict }) => verdict !== 'good')
  return {
    code,
    healthy,
    checks,
    unwell: [...new Set(ill.map(({ group, name, verdict }) => `${verdict}: ${group}/${name}`))],
    find: name => {
      const found = checks.find(check => check.name === name)
      if (!found) throw new Error(`no check ${name} in ${stdout}`)
      return found
    },
  }
}
