/**
 * The only error class of sera. `kind` is the kind of an outcome (`outcome.ts`), which has an exit code. A message is one line: what
 * failed, on what, and what to do.
 */
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

/** Ends a switch over a union: a missing case is a compile error. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
