/** The measured wrappers: sera on its two runtimes, and other programs that take a lock around a command. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * @typedef {object} Wrapper
 * @property {string} name
 * @property {boolean} isSera
 * @property {(lock: string, command: string[]) => string[]} argv the words that run the command under the lock; commands
 *   under one lock must be the same
 * @property {Record<string, string | undefined>} env
 */

const OTHERS = [
  { name: 'flock', template: 'flock {file} {command}' },
  // -q: otherwise sem joins the words into a shell line
  { name: 'sem', template: 'sem --fg -q --id {name} -j1 {command}' },
  { name: 'etcdctl', template: 'etcdctl lock {name} -- {command}', works: ['etcdctl', 'endpoint', 'health'] },
]

/** @returns {Wrapper[]} */
export function wrappers({ dsn, also }) {
  const env = { ...process.env, SERA_SERVER: dsn }
  const sera = [
    { name: 'binary', program: resolve('dist/sera') },
    { name: 'node', program: resolve('bin/sera'), needs: 'dist/main.js' },
  ].filter(({ program, needs }) => existsSync(needs ?? program))
  // no flag: the command line is the lock's name, as in a crontab
  const argv = program => (_lock, command) => [program, '600', ...command]
  const others = OTHERS.filter(({ template, works }) => runs(works ?? [template.split(' ')[0], '--version']))
  const given = also.map(template => ({ name: template.split(' ')[0], template }))
  return [
    ...sera.map(({ name, program }) => ({ name, isSera: true, argv: argv(program), env })),
    ...[...others, ...given].map(({ name, template }) => ({ name, isSera: false, argv: fill(template), env })),
  ]
}

function fill(template) {
  const words = template.split(/\s+/).filter(Boolean)
  return (lock, command) => {
    const one = { '{name}': [lock], '{file}': [`/tmp/${lock}`], '{command}': command }
    return words.flatMap(word => one[word] ?? [word])
  }
}

function runs([program, ...args]) {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 5000 })
    return true
  } catch {
    return false
  }
}
