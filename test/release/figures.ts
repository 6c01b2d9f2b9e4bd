/** Start-up of the artefacts side by side, as docs/explanation/releases.md has it: printed, not judged. */
import { existsSync, mkdtempSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test from 'ava'
import { environmentAt, testFolder } from '../support/environment.js'
import { sharedServers } from '../support/servers.js'
import { type Artefacts, archiveName } from './artefacts.js'
import { machine, output, run } from './programs.js'
import { Registry } from './registry.js'

const RUNS = 15

export function figureTests({ folder, version, find }: Artefacts): void {
  test.serial('start-up, side by side', async t => {
    const programs = await installed(t)
    const dsn = sharedServers()[0]?.dsn()
    const times = new Map(programs.map(({ name }) => [name, { version: [] as number[], run: [] as number[] }]))
    for (let i = 0; i < RUNS; i++) {
      for (const { name, file, env } of programs) {
        times.get(name)?.version.push(await timed(file, ['--version'], env))
        times.get(name)?.run.push(await timed(file, ['5', 'true'], { ...env, SERA_SERVER: dsn }))
      }
    }
    const rows = [...times].map(([name, { version, run }]) => `| ${name} | ${median(version)} ms | ${median(run)} ms |`)
    t.log(['', '| program | `--version` | `5 true` |', '|---|---|---|', ...rows].join('\n'))
    t.pass()
  })

  async function installed(t: Parameters<typeof output>[0]) {
    const unpacked = mkdtempSync(join(testFolder, 'figures-'))
    const name = archiveName(version, 'linux-x64')
    await output(t, 'tar', ['-xJf', find(name), '-C', unpacked])
    const binary = join(unpacked, name.replace('.tar.xz', ''), 'bin/sera')
    const registry = new Registry(folder, join(testFolder, 'figures-registry'))
    await registry.listen()
    const withBinary = machine(`${registry.url}/`)
    await output(t, 'npm', ['install', '--global', 'sera'], { env: withBinary.env })
    const programs = [
      { name: 'binary (.tar.xz, .deb, .rpm)', file: binary, env: environmentAt(withBinary.home) },
      { name: 'npm, binary', file: `${withBinary.home}/global/bin/sera`, env: withBinary.env },
    ]
    for (const node of ['node20', 'node22', 'node24']) {
      const program = resolve(`build/release-tools/node_modules/${node}/bin/node`)
      if (!existsSync(program)) continue
      const { home, env } = machine(`${registry.url}/`, program)
      await output(t, 'npm', ['install', '--global', '--cpu=ia32', 'sera'], { env })
      programs.push({ name: `npm, bundle on ${node}`, file: `${home}/global/bin/sera`, env })
    }
    registry.close()
    return programs
  }
}

async function timed(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const begun = performance.now()
  await run(file, args, { env })
  return performance.now() - begun
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN)
}
