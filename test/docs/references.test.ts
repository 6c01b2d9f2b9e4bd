/** The files, headings and scripts that the documentation names exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'ava'
import { anchors, DOCUMENTS, links, pagesIn, table, textOf } from './markdown.js'

for (const document of DOCUMENTS) {
  test(`${document}: links lead to files and headings that exist`, t => {
    for (const link of links(document).filter(link => !link.startsWith('https://'))) {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? document : normalize(join(dirname(document), path))
      t.true(existsSync(target), link)
      if (anchor !== undefined && existsSync(target)) t.true(anchors(target).includes(anchor), link)
    }
    t.pass()
  })

  test(`${document}: the files it names exist`, t => {
    const named = textOf(document).match(/(?<![\w/.])(?:bin|docs|etc|scripts|src|test)\/[\w./-]*\w\/?/g) ?? []
    for (const path of named) t.true(existsSync(path), path)
    t.pass()
  })
}

for (const document of [...DOCUMENTS, '.github/workflows/ci.yml']) {
  test(`${document}: scripts of npm that are named exist`, t => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    for (const [, script = ''] of textOf(document).matchAll(/npm run ([\w:]+)/g)) t.true(script in scripts, script)
    t.pass()
  })
}

for (const document of DOCUMENTS) {
  test(`${document}: no line but a table's is longer than 120 characters`, t => {
    for (const line of textOf(document).split('\n')) t.true(line.length <= 120 || line.startsWith('|'), line)
  })
}

test('README.md: at most 200 lines and 1,500 words', t => {
  const text = textOf('README.md')
  t.true(text.split('\n').length <= 201)
  t.true(text.split(/\s+/).length <= 1500)
})

test('docs/index.md: every page of the documents has a link, on this page or on that of the commands', t => {
  const linked = new Set(['docs/index.md', 'docs/reference/commands/index.md'].flatMap(page => linkedPages(page)))
  for (const page of pagesIn('docs')) t.true(page === 'docs/index.md' || linked.has(page), page)
})

function linkedPages(page: string): string[] {
  return links(page).map(link => normalize(join(dirname(page), link.replace(/#.*/, ''))))
}

test('CONTRIBUTING.md: the rooms in its table exist, and every folder in src has a row', t => {
  const rooms = table('CONTRIBUTING.md', 'Room').flatMap(([names = '']) => {
    const [first = '', ...others] = names.split(', ')
    return [first, ...others.map(name => (name.startsWith('src/') ? name : join(dirname(first), name)))]
  })
  for (const room of rooms.filter(room => !room.includes('*'))) t.true(existsSync(room), room)
  const folders = readdirSync('src', { withFileTypes: true }).filter(entry => entry.isDirectory())
  for (const { name } of folders) t.true(rooms.includes(`src/${name}/`), name)
})

test('CONTRIBUTING.md: the identifiers it names exist in the code', t => {
  const folders = ['src', 'test', 'bench', 'scripts']
  const files = folders.flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
  )
  const code = new Set(files.filter(file => /\.m?[jt]s$/.test(file)).flatMap(file => textOf(file).match(/\w+/g) ?? []))
  const identified = textOf('CONTRIBUTING.md').replace(/^\* These words are riddles.*?(?=^\* )/ms, '')
  const names = [...identified.matchAll(/`(\w+)(?:\(\))?`/g)].map(([, name = '']) => name)
  t.true(names.length > 30)
  for (const name of names) t.true(code.has(name), name)
})
