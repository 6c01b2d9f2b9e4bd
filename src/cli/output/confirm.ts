/** Asks before an action that cannot be undone. */
import { SeraError } from '../../errors.js'
import type { Host } from '../../host.js'

/** @throws SeraError usage without a terminal to ask on */
export function checkAskable({ stdin, stderr }: Host): void {
  if (stdin.isTerminal && stderr.isTerminal) return
  throw new SeraError('usage', 'there is no terminal to ask on; use --yes to proceed without asking')
}

/** Whether the user answers yes. */
export async function confirm({ stdin, stderr }: Host, question: string): Promise<boolean> {
  stderr.write(`${question} [y/N] `)
  return /^y(es)?$/i.test((await stdin.line()).trim())
}
