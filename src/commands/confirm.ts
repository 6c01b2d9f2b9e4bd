/** A question before what can't be undone. */
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'

/** Whether the person at the terminal says yes. @throws SeraError usage, where there is none */
export async function confirm(host: Host, question: string): Promise<boolean> {
  if (!host.stdin.isTerminal || !host.stderr.isTerminal) {
    throw new SeraError('usage', 'there is no terminal to ask on; --yes does it without a question')
  }
  host.stderr.write(`${question} [y/N] `)
  return /^y(es)?$/i.test((await host.stdin.line()).trim())
}
