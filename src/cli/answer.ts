/** Answers questions about sera itself: help, version, completion. */
import { unreachable } from '../errors.js'
import type { Host } from '../host.js'
import type { Question } from './args/built-in.js'
import type { WantedNames } from './completion/offers.js'

/** @throws SeraError usage */
export async function answer({ about, words }: Question, host: Host): Promise<string> {
  switch (about) {
    case 'help':
      return await (await import('./help.js')).helpText(host.stdout.columns, words[0])
    case 'version':
      return (await import('./version-report.js')).versionReport(words, host.runtime)
    case 'completion':
      return (await import('./completion/scripts.js')).completionScript(words[0] ?? host.env.SHELL)
    case 'offers': {
      const ask = async (wanted: WantedNames) => (await import('./completion/live-names.js')).liveNames(wanted, host)
      return await (await import('./completion/offers.js')).completions(words, ask)
    }
    default:
      return unreachable(about)
  }
}
