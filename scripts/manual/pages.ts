/** All man pages, by file name. */
import { SUBCOMMANDS } from '../../src/cli/args/command-table.js'
import { VERSION } from '../../src/version.js'
import { mainPage, subcommandPage } from './command-pages.js'
import { configPage } from './config-page.js'
import type { Footer } from './roff.js'

export interface Sources {
  /** An example of a config file. */
  config: string
  /** Seconds since 1970; 0: no date. */
  epoch: number
}

export function manPages({ config, epoch }: Sources): Record<string, string> {
  const date = epoch === 0 ? '' : new Date(epoch * 1000).toISOString().slice(0, 10)
  const footer: Footer = { date, version: VERSION }
  const subcommands = SUBCOMMANDS.flatMap(subcommand => {
    const { name, aliases = [] } = subcommand
    const page = [`sera-${name}.1`, subcommandPage(subcommand, footer)] as const
    return [page, ...aliases.map(alias => [`sera-${alias}.1`, `.so man1/sera-${name}.1\n`] as const)]
  })
  const pages = [['sera.1', mainPage(footer)], ...subcommands, ['sera.json.5', configPage(config, footer)]] as const
  return Object.fromEntries(pages.map(([name, text]) => [name, text.replaceAll(/^(\.S[HS] .*\n)\.PP\n/gm, '$1')]))
}
