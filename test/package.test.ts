import { readFileSync } from 'node:fs'
import test from 'ava'
import { VERSION } from '../src/version.js'

test('the version that sera prints is the package’s', t => {
  t.is(VERSION, JSON.parse(readFileSync('package.json', 'utf8')).version)
})

test('importing the library starts nothing, listens to nothing and prints nothing', async t => {
  const before = process.eventNames().length
  const library = await import('../src/index.js')
  t.is(process.eventNames().length, before)
  t.is(library.lockName(['ls', '-ltra']), '5373fa7de6f7dd54052abf86b3a53da4')
})
