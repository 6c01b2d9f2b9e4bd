import { readFileSync } from 'node:fs'
import test from 'ava'
import { KINDS } from '../../src/primitives/names.js'

test('docs/status.schema.json lists every kind', t => {
  const schema = JSON.parse(readFileSync('docs/status.schema.json', 'utf8'))
  const kinds = JSON.stringify(schema).match(/"kind":\{"enum":(\[[^\]]*\])/)?.[1] ?? '[]'
  t.deepEqual(JSON.parse(kinds).toSorted(), KINDS.toSorted())
})
