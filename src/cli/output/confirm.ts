/** A question before what can't be undone. */
import { SeraError } from '../../errors.js'
import type { Host } from '../../host.js'

/** @throws SeraError usage, when there is nobody to ask */
export function checkAskable({ stdin, stderr }: Host): void {
  if (stdin.isTerminal && stderr.isTerminal) return
  throw new SeraError('usage', 'there is no terminal to ask on; use --yes to proceed without asking')
}

/** Whether the person at the terminal says yes. */
export async function confirm({ stdin, stderr }: Host, question: string): Promise<boolean> {
  stderr.write(`${question} [y/N] `)
  return /^y(es)?$/i.test((await stdin.line()).trim())
}
