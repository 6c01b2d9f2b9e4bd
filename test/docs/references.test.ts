/** Whatever the documentation points at is there. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'ava'
import { anchors, DOCUMENTS, links, textOf } from './markdown.js'

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

  test(`${document}: files that are named exist`, t => {
    const named = textOf(document).match(/(?<![\w/.])(?:bin|docs|etc|scripts|src|test)\/[\w./-]*\w\/?/g) ?? []
    for (const path of named) t.true(existsSync(path), path)
    t.pass()
  })

  test(`${document}: scripts of npm that are named exist`, t => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    for (const [, script = ''] of textOf(document).matchAll(/npm run ([\w:]+)/g)) t.true(script in scripts, script)
    t.pass()
  })

  test(`${document}: no line is longer than 120 characters`, t => {
    for (const line of textOf(document).split('\n')) t.true(line.length <= 120, line)
  })
}
