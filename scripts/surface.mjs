/**
 * The public surface of the library, from the declarations that tsc emits for `sera` and `sera/testing` (npm run surface):
 *
 *   - test/lib/surface.txt, the declarations without their comments: a change of the surface is a change of this file;
 *   - the section "API" of docs/reference/library.md, from the doc comments.
 *
 *     node scripts/surface.mjs --check               # fails if one of the two is out of date
 *     node scripts/surface.mjs --problems <folder>   # reports only the problems of the declarations in a folder
 *
 * Fails on a public symbol without a doc comment, and on a type that a public symbol uses and that is not exported.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { parseSync } from 'oxc-parser'

const ENTRIES = { sera: 'lib/index.d.ts', 'sera/testing': 'lib/testing.d.ts' }
const SNAPSHOT = 'test/lib/surface.txt'
const PAGE = 'docs/reference/library.md'
const WIDTH = 120
const VALUES = ['TSDeclareFunction', 'FunctionDeclaration', 'VariableDeclaration']
const CLASSES = ['ClassDeclaration']
const TYPES = ['TSInterfaceDeclaration', 'TSTypeAliasDeclaration']

const [mode, given] = process.argv.slice(2)
const types = mode === '--problems' ? given : emitted()
const modules = new Map()
const problems = []
const surface = Object.entries(ENTRIES).map(([name, file]) => ({ name, symbols: symbolsOf(file) }))
const exported = new Set(surface.flatMap(({ symbols }) => symbols.map(({ file, local }) => `${file}#${local}`)))
for (const symbol of surface.flatMap(({ symbols }) => symbols)) inspect(symbol)
if (mode !== '--problems') {
  update(SNAPSHOT, () =>
    surface.map(({ name, symbols }) => `// ${name}\n\n${symbols.map(code).join('\n\n')}\n`).join('\n'),
  )
  update(PAGE, before =>
    before.replace(/<!-- api -->[\s\S]*<!-- \/api -->/, () => `<!-- api -->\n\n${api()}\n<!-- /api -->`),
  )
}
for (const problem of new Set(problems)) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

function emitted() {
  const folder = 'build/types'
  execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.json', '--emitDeclarationOnly', '--outDir', folder])
  return folder
}

function update(file, change) {
  const before = readFileSync(file, 'utf8')
  const after = change(before)
  if (after === before) return
  if (mode === '--check') problems.push(`${file} is out of date: if you mean this change, run npm run surface`)
  else writeFileSync(file, after)
}

// ---- declarations ----

function moduleOf(file) {
  if (!modules.has(file)) {
    const text = readFileSync(join(types, file), 'utf8')
    const { program, comments, errors } = parseSync(file, text)
    if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
    modules.set(file, { text, body: program.body, comments })
  }
  return modules.get(file)
}

/** The exports of a module, each with the module that declares it. */
function symbolsOf(file) {
  const symbols = moduleOf(file).body.flatMap(statement => {
    if (statement.type !== 'ExportNamedDeclaration') return []
    if (statement.declaration) return [symbolOf(file, nameOf(statement.declaration))]
    const from = statement.source ? resolved(file, statement.source.value) : file
    return statement.specifiers.map(({ local, exported }) => symbolOf(from, local.name, exported.name))
  })
  return symbols.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function symbolOf(file, local, name = local) {
  const { body } = moduleOf(file)
  const statement = body.find(({ declaration }) => declaration && nameOf(declaration) === local)
  if (statement) return { name, file, local, statement, declaration: statement.declaration }
  const { source, specifiers } = body.find(one => one.source && one.specifiers.some(({ local }) => local.name === name))
  const specifier = specifiers.find(({ local }) => local.name === name)
  return symbolOf(resolved(file, source.value), (specifier.imported ?? specifier.local).name, name)
}

function resolved(file, target) {
  return normalize(join(file, '..', target.replace(/\.js$/, '.d.ts')))
}

function nameOf(declaration) {
  return (declaration.id ?? declaration.declarations[0].id).name
}

/** The members that a person sees: of a class, an interface, or an object type. */
function membersOf({ type, body, typeAnnotation }) {
  if (type === 'ClassDeclaration') return body.body.filter(({ key }) => key.type !== 'PrivateIdentifier')
  if (type === 'TSInterfaceDeclaration') return body.body
  return typeAnnotation?.members ?? []
}

function inspect(symbol) {
  const { name, file, statement, declaration } = symbol
  if (!docOf(file, statement)?.description) problems.push(`${name} (${file}) has no doc comment`)
  for (const member of membersOf(declaration).filter(({ computed }) => !computed)) {
    if (!docOf(file, member)?.description) problems.push(`${name}.${member.key.name} (${file}) has no doc comment`)
  }
  for (const used of referencesOf(declaration)) {
    const home = homeOf(file, used)
    if (home && !exported.has(home)) problems.push(`${name} (${file}) uses ${used}, which is not exported`)
  }
}

/** The types that a declaration names. */
function referencesOf(node) {
  if (Array.isArray(node)) return node.flatMap(referencesOf)
  if (typeof node !== 'object' || node === null) return []
  const named = { TSTypeReference: node.typeName, TSTypeQuery: node.exprName, TSClassImplements: node.expression }[
    node.type
  ]
  const bases = [named, node.superClass, node.type === 'TSInterfaceHeritage' ? node.expression : undefined]
  const names = bases.flatMap(base => (base?.type === 'Identifier' ? [base.name] : []))
  return [...names, ...Object.values(node).flatMap(referencesOf)]
}

/** Which module of the package declares a name; undefined if none does (AbortSignal, say). */
function homeOf(file, name) {
  const { body } = moduleOf(file)
  if (body.some(one => nameIn(one.declaration ?? one) === name)) return `${file}#${name}`
  const imported = body.find(
    one => one.type === 'ImportDeclaration' && one.specifiers.some(({ local }) => local.name === name),
  )
  return imported && `${resolved(file, imported.source.value)}#${name}`
}

function nameIn(node) {
  return node.id || node.declarations ? nameOf(node) : undefined
}

/** The doc comment right before a node, parsed. */
function docOf(file, { start }) {
  const { text, comments } = moduleOf(file)
  const comment = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === '')
  if (!comment?.value.startsWith('*')) return undefined
  const lines = comment.value
    .slice(1)
    .split('\n')
    .map(line => line.replace(/^\s*\* ?/, ''))
  const [description, ...tags] = lines
    .join('\n')
    .trim()
    .split(/(?:^|\s)@(?=(?:param|returns|throws|example|see)\b)/)
  const parsed = { description: description.trim() }
  for (const tag of tags) {
    const [, name, value] = /^(\w+)\s*([\s\S]*)$/.exec(tag)
    parsed[name] = [...(parsed[name] ?? []), value.trim()]
  }
  return parsed
}

/** A declaration without comments. */
function code({ file, statement }) {
  return bare(file, statement).replace(/^export declare /, 'export ')
}

function bare(file, { start, end }) {
  const { text, comments } = moduleOf(file)
  const inside = comments.filter(comment => comment.start >= start && comment.end <= end)
  const pieces = inside.reduce(
    ({ out, at }, comment) => ({ out: out + text.slice(at, comment.start), at: comment.end }),
    { out: '', at: start },
  )
  const lines = (pieces.out + text.slice(pieces.at, end))
    .replace(/^\s*\n/gm, '')
    .replace(/\n\s*\|/g, ' |')
    .replace(/^ {4}/gm, '  ')
    .replace(/\{[^{}]*\}\?: (?=\w+Options)/g, 'options?: ')
  const short = block => (block.length <= WIDTH ? block.replace(/\s+/g, ' ') : block)
  return lines.replace(/\{\n[^{}]*\n {2,}\}/g, short)
}

// ---- the page ----

/** Functions and values, then classes, then the types of options and results; what `sera` has is not repeated. */
function api() {
  const shown = new Set()
  return surface
    .map(({ name, symbols }) => {
      const more = symbols.filter(({ file, local }) => !shown.has(`${file}#${local}`))
      for (const { file, local } of more) shown.add(`${file}#${local}`)
      const groups = [VALUES, CLASSES, TYPES].map(group =>
        more.filter(({ declaration }) => group.includes(declaration.type)),
      )
      return `### From \`${name}\`\n\n${groups.flat().map(described).join('\n')}`
    })
    .join('\n')
}

function described(symbol) {
  const { name, file, statement, declaration } = symbol
  const members = membersOf(declaration).filter(({ computed }) => !computed)
  return [
    `#### ${name}\n`,
    ...(members.length === 0 ? [fence(folded(code(symbol).replace(/^export /, '')))] : []),
    ...paragraphs(docOf(file, statement) ?? {}),
    ...heritage(file, declaration),
    ...members.map(member => memberText(file, member)),
    `Source: \`src/${file.replace(/\.d\.ts$/, '.ts')}\`\n`,
  ].join('\n')
}

/** The class or interfaces that a declaration extends. */
function heritage(file, { superClass, extends: interfaces = [] }) {
  const bases = [superClass, ...interfaces.map(({ expression }) => expression)].filter(Boolean)
  return bases.length === 0 ? [] : [`Extends ${bases.map(base => `\`${bare(file, base)}\``).join(', ')}.\n`]
}

function memberText(file, member) {
  const signature = bare(file, member).replace(/;$/, '').replace(/\s+/g, ' ')
  const text = paragraphs(docOf(file, member) ?? {})
    .join('\n')
    .trimEnd()
  return `* \`${signature}\`\n\n${text.replace(/^(?=.)/gm, '  ')}\n`
}

function paragraphs({ description = '', returns = [], throws = [], example = [], see = [] }) {
  return [
    ...description.split(/\n\n+/).filter(Boolean).map(wrapped),
    ...returns.map(text => wrapped(`Returns ${text.replace(/\.?$/, '.')}`)),
    ...throws.map(text => wrapped(`Throws ${text.replace(/\.?$/, '.')}`)),
    ...see.map(text => wrapped(`See ${/^https:\S+$/.test(text) ? `<${text}>` : text}`)),
    ...example.map(fence),
  ].map(text => `${text.trimEnd()}\n`)
}

/** A union that is too long for the page, one member a line. */
function folded(text) {
  return text.length <= WIDTH || text.includes('\n')
    ? text
    : text.replace(' = ', ' =\n  | ').replace(/(?<!^ *) \| /gm, '\n  | ')
}

/** Not `ts`: only the examples of the guide are run. */
function fence(text) {
  return `\`\`\`typescript\n${text}\n\`\`\`\n`
}

function wrapped(text) {
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    if (`${lines.at(-1)} ${word}`.length > WIDTH - 4) lines.push(word)
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trimStart()
  }
  return lines.join('\n')
}
