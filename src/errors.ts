/**
 * The only error class of sera. `kind` is the kind of an outcome (`outcome.ts`), which has an exit code. A message is one line: what
 * failed, on what, and what to do.
 */

/** The kind of a SeraError: what failed. Stable, for programs. */
export type SeraErrorKind =
  | 'config'
  | 'usage'
  | 'lock-failed'
  | 'not-started'
  | 'timed-out'
  | 'lost'
  | 'conflict'
  /** In the library only: `once` work has failed at another participant. */
  | 'taken-over'

/** Every failure of sera, except an aborted wait, which rejects with the signal's reason. */
export class SeraError extends Error {
  /** `options.cause` is the error that led to this one. */
  constructor(
    /** What failed; stable, for programs. `message` is for people and may change. */
    readonly kind: SeraErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'SeraError'
  }
}

/** Ends a switch over a union: a missing case is a compile error. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
