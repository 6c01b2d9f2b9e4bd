/** The environment variables that are no settings, for sera(1). */

/** Read by sera. */
export const OWN_VARIABLES: Readonly<Record<string, string>> = {
  SERA_CONFIG: 'The config file to read instead of /etc/sera.json.',
  SERA_DEBUG: '1: print the stack of an error.',
  SERA_MYSQLD: 'The server program of the embedded server.',
  SERA_EMBEDDED_IDLE: 'How long the embedded server runs without a client.',
}

/** Given to the command. */
export const COMMAND_VARIABLES: Readonly<Record<string, string>> = {
  SERA_LOCK: "The lock's name at the server; for a subcommand with its kind, as in semaphore/gpu.",
  SERA_WAITED_MS: 'How long sera waited for the lock, in milliseconds.',
  SERA_HELD: 'The locks that this sera and the seras around it hold.',
  SERA_TOKEN: 'The fencing token of a lock in the lock tables.',
  SERA_SLOT: 'Of a semaphore: a number from 0 that no other holder has.',
  SERA_MATCH: 'Of a rendezvous: a file with the list of participants, as JSON. It is removed when the command ends.',
}
