/** Creates the data of the embedded server, once. The folder gets its final name only when it is complete. */
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SeraError } from '../errors.js'
import { type Environment, findServer, NAMES, type ServerBinary } from './binary.js'
import { initialise } from './initialise.js'
import { dataFolder, type EmbeddedPlace, kindOfData, ownUid } from './place.js'

const UNFINISHED = 'unfinished.'

/**
 * The program for the existing data; without data, the first one found.
 *
 * @throws SeraError `config`
 */
export async function chooseServer(env: Environment, place: EmbeddedPlace): Promise<ServerBinary> {
  const kind = kindOfData(place)
  try {
    return await findServer(env, kind)
  } catch (cause) {
    if (kind === undefined || !(cause instanceof SeraError)) throw cause
    const data = dataFolder(place, kind)
    throw new SeraError('config', `embedded server: ${data} needs ${NAMES[kind]}, and ${cause.message}`, { cause })
  }
}

export interface Making {
  binary: ServerBinary
  place: EmbeddedPlace
  env: NodeJS.ProcessEnv
  /** The descriptor of start.lock. The initialiser inherits it and so keeps the lock if sera is killed. */
  inherit: number
}

/** Creates the data unless it exists, and removes what a killed initialiser left behind. */
export async function makeData({ binary, place, env, inherit }: Making): Promise<void> {
  const data = dataFolder(place, binary.kind)
  if (existsSync(data)) return
  await removeUnfinished(place)
  const folder = await mkdtemp(join(place.folder, UNFINISHED))
  try {
    const made = join(folder, 'data')
    const sql = ['create database sera;']
    await initialise({ binary, data: made, asRoot: ownUid() === 0, sql, env, inherit })
    await rename(made, data)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function removeUnfinished(place: EmbeddedPlace): Promise<void> {
  const left = readdirSync(place.folder).filter(name => name.startsWith(UNFINISHED))
  await Promise.all(left.map(name => rm(join(place.folder, name), { recursive: true, force: true })))
}
