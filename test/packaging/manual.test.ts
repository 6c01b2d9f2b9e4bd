/** The man pages have everything that the tables have, and are sound. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { manPages } from '../../scripts/manual/pages.js'
import { DSN_PARAMETERS } from '../../scripts/manual/setting-texts.js'
import { SUBCOMMANDS } from '../../src/cli/args/command-table.js'
import { FLAGS, flagsOf } from '../../src/cli/args/flags.js'
import { parseDsn } from '../../src/config/dsn.js'
import { SETTING_NAMES, variableOf } from '../../src/config/settings.js'
import { EXIT_CODES } from '../../src/outcome.js'
import { testFolder } from '../support/environment.js'

const config = readFileSync('etc/sera.json.example', 'utf8')
const pages = manPages({ config, epoch: 1_795_831_004 })
const plain = (page: string) => (pages[page] ?? '').replaceAll(/\\f[BIR]/g, '').replaceAll('\\-', '-')

test('sera(1) names each flag of the plain command, each exit code and each subcommand', t => {
  const text = plain('sera.1')
  for (const { name } of flagsOf(['classic'])) t.true(text.includes(`--${name}`), name)
  for (const { code, meaning } of Object.values(EXIT_CODES)) {
    t.true(text.includes(`\n${code}\n`), meaning)
  }
  for (const { name } of SUBCOMMANDS) t.true(text.includes(`sera-${name}(1)`), name)
})

test('each subcommand has a page with its flags, and each alias leads to it', t => {
  for (const { name, aliases = [], forms } of SUBCOMMANDS) {
    const flags = flagsOf(forms.map(form => form.name))
    for (const flag of flags) t.true(plain(`sera-${name}.1`).includes(`--${flag.name}`), `${name} --${flag.name}`)
    for (const alias of aliases) t.is(pages[`sera-${alias}.1`], `.so man1/sera-${name}.1\n`)
  }
})

test('each flag stands on a page', t => {
  const all = Object.keys(pages).map(plain).join('')
  for (const { name } of FLAGS) t.regex(all, new RegExp(`--${name}\\b`))
})

test('sera.json(5) has each setting with its variable, and only parameters that a DSN takes', t => {
  const text = plain('sera.json.5')
  for (const name of SETTING_NAMES) {
    t.true(text.includes(`\n${name} (`), name)
    t.true(text.includes(`Also ${variableOf(name)}`), name)
  }
  for (const name of Object.keys(DSN_PARAMETERS)) {
    const value = { tls: 'true', allowCleartextPasswords: 'true' }[name] ?? (/imeout$/.test(name) ? '1s' : 'utf8mb4')
    const query = /^tls-(cert|key)$/.test(name) ? 'tls-cert=a&tls-key=b' : `${name}=${value}`
    t.deepEqual(parseDsn(`sera@tcp(db)/?${query}`).ignored, [], name)
  }
})

test('sera(1) has each variable that the code reads or sets', t => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  const used = new Set(
    sources.flatMap(file => readFileSync(join('src', file), 'utf8').match(/\bSERA_[A-Z_]+\b/g) ?? []),
  )
  // between sera and its launchers, and the codes of two errors
  for (const name of ['SERA_SIGIGN', 'SERA_ENVIRONMENT', 'SERA_RIVAL', 'SERA_CONTENTION']) used.delete(name)
  for (const name of used) t.true(plain('sera.1').includes(name), name)
})

test('mandoc finds no fault in a page', t => {
  const folder = mkdtempSync(join(testFolder, 'man-'))
  for (const section of [1, 5]) mkdirSync(join(folder, `man${section}`))
  const files = Object.entries(pages).map(([name, text]) => {
    const file = `man${name.at(-1)}/${name}`
    writeFileSync(join(folder, file), text)
    return file
  })
  const { stdout, stderr, status } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...files], {
    cwd: folder,
    encoding: 'utf8',
  })
  const faults = stdout.split('\n').filter(line => line !== '' && !line.includes('.so is fragile'))
  t.deepEqual([faults, stderr], [[], ''], `mandoc ended with ${status}`)
})

test('the same commit gives the same pages, and their date is its date', t => {
  t.deepEqual(manPages({ config, epoch: 1_795_831_004 }), pages)
  t.regex(pages['sera.1'] ?? '', /^\.TH SERA 1 "2026-11-28" "sera \d/)
})
