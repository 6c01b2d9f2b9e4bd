/** Runs programs to their end. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { environmentAt, testFolder } from '../support/environment.js'

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

export function run(file: string, args: readonly string[], { cwd, env }: RunOptions = {}): Promise<Ran> {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      ran[name] += text
    })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ ...ran, code }))
  })
}

/** The stdout of a program that must succeed. */
export async function output(t: ExecutionContext, file: string, args: readonly string[], options?: RunOptions) {
  const { code, stdout, stderr } = await run(file, args, options)
  t.is(code, 0, `${file} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

/** A machine with Node, the system's programs and nothing of sera: its home, and the environment of its user. */
export function machine(registry: string, node = process.execPath) {
  const home = mkdtempSync(join(testFolder, 'machine-'))
  const bin = join(home, 'bin')
  mkdirSync(bin)
  symlinkSync(node, join(bin, 'node'))
  const npm = npmOf()
  symlinkSync(npm, join(bin, 'npm'))
  symlinkSync(npm.replace('npm-cli.js', 'npx-cli.js'), join(bin, 'npx'))
  const env = {
    ...environmentAt(home),
    PATH: `${home}/global/bin:${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
    npm_config_registry: registry,
    npm_config_prefix: join(home, 'global'),
    npm_config_cache: join(home, 'cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
  return { home, env }
}

/** The npm that this machine has, whichever Node it came with. */
function npmOf(): string {
  const found = (process.env.PATH ?? '').split(':').find(folder => existsSync(join(folder, 'npm')))
  if (found === undefined) throw new Error('there is no npm in PATH')
  return realpathSync(join(found, 'npm'))
}
