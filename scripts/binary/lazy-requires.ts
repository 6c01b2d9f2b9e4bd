/**
 * A plugin for Bun's bundler: it loads parts of mysql2 that `sera <wait> <command>` does not use only when a command
 * needs them, which saves 4 ms of each start. A require() in the table becomes a stand-in, which loads the module when
 * a property of it is read or it is called. Each text must occur exactly once: after an update of mysql2 that moved
 * one, the build fails, and the start does not become slow unnoticed.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LAZY: Record<string, string[]> = {
  'mysql2/index.js': [
    ...['./lib/pool.js', './lib/pool_cluster.js', './lib/create_pool.js', './lib/create_pool_cluster.js'],
    ...['./lib/pool_connection.js', './lib/auth_plugins', './lib/parsers/parser_cache.js'],
  ],
  'mysql2/lib/base/connection.js': ['tls'],
  'mysql2/lib/commands/index.js': [
    ...['./server_handshake.js', './prepare.js', './close_statement.js', './execute.js', './ping.js'],
    ...['./register_slave.js', './binlog_dump.js', './change_user.js', './reset_connection.js'],
  ],
  // the generator of row parsers: `disableEval` does without
  'mysql2/lib/commands/query.js': ['../parsers/text_parser.js'],
  'mysql2/lib/packets/index.js': [
    ...['./auth_next_factor', './auth_switch_request', './auth_switch_request_more_data', './auth_switch_response'],
    ...['./binary_row', './binlog_dump', './change_user', './close_statement', './execute', './prepare_statement'],
    ...['./prepared_statement_header', './register_slave', './reset_connection', './ssl_request', './text_row'],
  ],
  // 5,000 error names; `long` instantiates WebAssembly
  'mysql2/lib/packets/packet.js': ['../constants/errors.js', 'long'],
  // for character sets other than UTF-8 and Latin-1
  'mysql2/lib/parsers/string.js': ['iconv-lite'],
}

/** Replacements where a stand-in can't work: destructured imports, and work at load time. */
const REPLACED: Record<string, [text: string, by: string][]> = {
  'mysql2/lib/commands/client_handshake.js': [
    [
      "const { getAuthPlugin } = require('./auth_switch.js');",
      "const getAuthPlugin = (...args) => require('./auth_switch.js').getAuthPlugin(...args);",
    ],
    [
      "const {\n  calculateToken: calculateSha2Token,\n} = require('../auth_plugins/caching_sha2_password.js');",
      "const calculateSha2Token = (...args) => require('../auth_plugins/caching_sha2_password.js').calculateToken(...args);",
    ],
  ],
  // URL is a global
  'mysql2/lib/connection_config.js': [["const { URL } = require('url');", '']],
  // a cache with room for 500 decoders, of which one is used
  'mysql2/lib/parsers/string.js': [
    ['const decoderCache = createLRU({\n  max: 500,\n});', 'const decoderCache = new Map();'],
  ],
  // channels without a listener
  'mysql2/lib/tracing.js': [['const dc = (() => {', 'const dc = undefined && (() => {']],
}

const STAND_IN = fileURLToPath(new URL('stand-in.cjs', import.meta.url))

export const lazyRequires: Bun.BunPlugin = {
  name: 'lazy-requires',
  setup(build) {
    const expected = new Set([...Object.keys(LAZY), ...Object.keys(REPLACED)])
    const misfits: string[] = []
    build.onLoad({ filter: /\/node_modules\/mysql2\/.*\.js$/ }, ({ path }) => {
      const name = path.slice(path.lastIndexOf('/node_modules/') + '/node_modules/'.length)
      expected.delete(name)
      const source = readFileSync(path, 'utf8')
      misfits.push(...rewritesOf(name).flatMap(([text]) => (occurs(text, source) === 1 ? [] : `${name}: ${text}`)))
      return { contents: rewrite(name, source), loader: 'js' }
    })
    build.onEnd(() => {
      const wrong = [...misfits, ...expected]
      if (wrong.length === 0) return
      throw new Error(`scripts/binary/lazy-requires.ts does not fit this mysql2; check\n${wrong.join('\n')}`)
    })
  },
}

function rewritesOf(name: string): [text: string, by: string][] {
  const lazy = (LAZY[name] ?? []).map((module): [string, string] => {
    const text = `require('${module}')`
    return [text, `__standIn(() => ${text})`]
  })
  return [...lazy, ...(REPLACED[name] ?? [])]
}

function rewrite(name: string, source: string): string {
  const rewritten = rewritesOf(name).reduce((text, [from, to]) => text.replace(from, () => to), source)
  return name in LAZY ? `const __standIn = require(${JSON.stringify(STAND_IN)});\n${rewritten}` : rewritten
}

function occurs(text: string, source: string): number {
  return source.split(text).length - 1
}
