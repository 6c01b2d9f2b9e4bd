/**
 * The one error class of sera. `kind` names the failing outcome (see `outcome.ts`), so that an error that reaches
 * the top becomes an exit code by looking it up. A message is one line: what failed, on what, and what to do.
 */
export type SeraErrorKind =
  | 'config'
  | 'usage'
  | 'lock-failed'
  | 'not-started'
  | 'timed-out'
  | 'lost'
  | 'conflict'
  /** Of the library only: what was to be done once has failed elsewhere. */
  | 'taken-over'

export class SeraError extends Error {
  constructor(
    readonly kind: SeraErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'SeraError'
  }
}

/** Closes a switch over a union: a forgotten case is a compile error. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
