/** The environment of the command, which describes its lock. */
export interface LockFacts {
  lock: string
  waitedMs: number
  token: string | undefined
  slot: number | undefined
  /** The file with the participants of a rendezvous. */
  match?: string | undefined
  /** This run's entry in SERA_HELD. */
  held: string
}

const OF_AN_OUTER_SERA = ['SERA_LOCK', 'SERA_WAITED_MS', 'SERA_TOKEN', 'SERA_SLOT', 'SERA_MATCH']

export function childEnvironment(env: NodeJS.ProcessEnv, facts: LockFacts): NodeJS.ProcessEnv {
  const inherited = Object.entries(env).filter(([name]) => !OF_AN_OUTER_SERA.includes(name))
  return {
    ...Object.fromEntries(inherited),
    SERA_LOCK: facts.lock,
    SERA_WAITED_MS: String(Math.round(facts.waitedMs)),
    ...(facts.token === undefined ? {} : { SERA_TOKEN: facts.token }),
    ...(facts.slot === undefined ? {} : { SERA_SLOT: String(facts.slot) }),
    ...(facts.match === undefined ? {} : { SERA_MATCH: facts.match }),
    SERA_HELD: [env.SERA_HELD, facts.held].filter(Boolean).join(' '),
  }
}
