/** Words that make a sentence a riddle stay out of what people read: comments, messages, help, test titles, documents. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { textOf } from './markdown.js'

const FOLDERS = ['src', 'test', 'bench', 'scripts', 'packaging', 'docs', 'etc']
const DOCUMENTS = readdirSync('.').filter(name => name.endsWith('.md'))
const READ_BY_PEOPLE = /\.(?:ts|mjs|sh|md|html|css|example)$/
const NOT_OURS = /node_modules|\.vitepress\/(?:cache|dist)/

/** CONTRIBUTING lists them in one paragraph; it is the only text that may have them. */
const LIST = /^\* These words are riddles.*?(?=^\* |^$)/ms
const words = [...(textOf('CONTRIBUTING.md').match(LIST)?.[0] ?? '').matchAll(/"([\w ]+)"/g)].map(([, word]) => word)

test('CONTRIBUTING.md lists the words', t => {
  t.true(words.length > 20)
})

test('no text has one of the words that CONTRIBUTING.md lists', t => {
  const riddle = new RegExp(`\\b(?:${words.join('|').replaceAll(' ', '\\s+')})\\b`, 'gi')
  for (const file of [...DOCUMENTS, ...FOLDERS.flatMap(filesIn)]) {
    t.deepEqual(textOf(file).replace(LIST, '').match(riddle) ?? [], [], file)
  }
})

function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name))
  return names.filter(name => READ_BY_PEOPLE.test(name) && !NOT_OURS.test(name))
}
