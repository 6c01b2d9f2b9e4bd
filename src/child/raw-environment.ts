/**
 * Passes environment values that are not UTF-8 to the command byte by byte.
 *
 * Node and Bun decode the environment and replace such bytes with U+FFFD; neither can pass them on. The bytes are still
 * in /proc/self/environ. A shell, started as the command's process, restores them and then execs the command:
 *
 * 1. The values travel as octal escapes in one variable, SERA_ENVIRONMENT, and not in an argument, which every user may read.
 * 2. The shell evaluates that variable, which contains only assignments made by sera, and removes it.
 * 3. A shell may drop a variable whose name is not an identifier, so `env` gets these as arguments.
 * 4. If the shell cannot make a value (no process for `printf`), it exits with 126 before the command starts.
 *
 * A run whose values are all UTF-8 only pays for one check of each value.
 */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'

/** A program to start, with its environment. */
export interface Launch {
  file: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
}

const REPLACED = '\uFFFD'
const CARRIER = 'SERA_ENVIRONMENT'
const SCRIPT = `eval "$${CARRIER}"; exec "$@"`
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Variables that a shell adds to its exports; bash also adds SHLVL=0, which cannot be avoided. */
const OF_THE_SHELL = ['PWD', 'OLDPWD']

/** The same launch, through a shell when a value of the environment is not UTF-8. */
export function withRawValues(launch: Launch, environ = ownEnvironment): Launch {
  const { file, args, env } = launch
  const names = Object.keys(env).filter(name => env[name]?.includes(REPLACED) && !name.startsWith('SERA_'))
  if (names.length === 0) return launch
  const values = rawValues(names, environ())
  if (values.size === 0) return launch
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !values.has(name)))
  const made = { ...rest, [CARRIER]: assignments(values, rest) }
  return { file: '/bin/sh', args: ['-c', SCRIPT, 'sh', file, ...args], env: made }
}

function ownEnvironment(): Buffer {
  try {
    return readFileSync('/proc/self/environ')
  } catch {
    return Buffer.alloc(0)
  }
}

/** The values that are not UTF-8, by name; one character of the text is one byte. */
function rawValues(names: readonly string[], environ: Buffer): Map<string, string> {
  const values = new Map<string, string>()
  for (const entry of environ.toString('latin1').split('\0')) {
    const equals = entry.indexOf('=')
    const [name, value] = [entry.slice(0, equals), entry.slice(equals + 1)].map(bytes => Buffer.from(bytes, 'latin1'))
    if (name && value && names.includes(name.toString()) && !isUtf8(value))
      values.set(name.toString(), value.toString('latin1'))
  }
  return values
}

/** The script that the shell evaluates. */
function assignments(values: ReadonlyMap<string, string>, rest: NodeJS.ProcessEnv): string {
  const all = [...Object.entries(rest).map(([name, value = '']) => [name, latin1(value)] as const), ...values]
  const odd = all.filter(([name]) => !IDENTIFIER.test(name))
  const raw = [...values].filter(([name]) => IDENTIFIER.test(name))
  const absent = OF_THE_SHELL.filter(name => !all.some(([given]) => given === name))
  return [
    ...odd.map(([name, value]) => `${made(CARRIER, `${latin1(name)}=${value}`)}; set -- "$${CARRIER}" "$@"`),
    ...(odd.length > 0 ? ['set -- env "$@"'] : []),
    ...raw.map(([name, value]) => `${made(name, value)}; export ${name}`),
    `unset ${[CARRIER, ...absent].join(' ')}`,
  ].join('\n')
}

/** Assigns bytes to a variable. `x` protects a newline at the end from `$(…)`, and a leading - from `printf`. */
function made(name: string, bytes: string): string {
  const escaped = bytes.replace(/[^\w ./:=,@+-]/g, byte => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `${name}=$(printf 'x${escaped}x') || exit 126; ${name}=\${${name}#x}; ${name}=\${${name}%x}`
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
