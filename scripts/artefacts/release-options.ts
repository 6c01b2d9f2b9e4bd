/** What is released, from which commit, and where to. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { TARGETS, type Target } from './targets.ts'

export interface Release {
  version: string
  commit: string
  /** Seconds since 1970: the time of the commit, and of every file in every artefact. */
  epoch: number
  targets: readonly Target[]
  out: string
  /** Compress for speed, for tests. */
  fast: boolean
}

/** A copy without .git names its commit in SERA_COMMIT and SOURCE_DATE_EPOCH. */
export function releaseFrom(argv: string[]): Release {
  const { values } = parseArgs({
    args: argv,
    options: { only: { type: 'string' }, out: { type: 'string' }, fast: { type: 'boolean' } },
  })
  const names = values.only?.split(',') ?? TARGETS.map(({ name }) => name)
  const targets = TARGETS.filter(({ name }) => names.includes(name))
  const unknown = names.find(name => !targets.some(target => target.name === name))
  if (unknown !== undefined)
    throw new Error(`no target ${unknown}; there are ${TARGETS.map(({ name }) => name).join(', ')}`)
  const commit = process.env.SERA_COMMIT ?? headCommit()
  const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? git('log', '-1', '--format=%ct'))
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  return { version, commit, epoch, targets, out: values.out ?? 'dist/release', fast: values.fast ?? false }
}

function headCommit(): string {
  const dirty = git('status', '--porcelain') !== ''
  if (dirty) console.error('release: the checkout has changes that are not committed; the commit is marked -dirty')
  return `${git('rev-parse', 'HEAD')}${dirty ? '-dirty' : ''}`
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trim()
}
