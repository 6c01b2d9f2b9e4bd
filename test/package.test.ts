import { readFileSync } from 'node:fs'
import test from 'ava'
import { VERSION } from '../src/version.js'

test('the version that sera prints is the package’s', t => {
  t.is(VERSION, JSON.parse(readFileSync('package.json', 'utf8')).version)
})
