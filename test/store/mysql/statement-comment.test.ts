import test from 'ava'
import fc from 'fast-check'
import { readStatementComment, statementComment } from '../../../src/store/mysql/statement-comment.js'

test('any attributes survive as one statement comment', t => {
  const attributes = fc.record({
    command: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('*/ DROP TABLE x; /*', "it's ?", '%', '')),
    host: fc.string(),
    pid: fc.nat().map(String),
  })
  fc.assert(
    fc.property(attributes, given => {
      const mark = statementComment(given)
      t.deepEqual(readStatementComment(`SELECT GET_LOCK('x', 5) ${mark}`), given)
      return /^\/\*[^*?\\\n]*\*\/$/.test(mark)
    }),
  )
})

test('a statement without sera’s comment yields no attributes', t => {
  for (const statement of ['SELECT 1', "SELECT 1 /*traceparent='00-1'*/", "SELECT '/*command=' /*x*/", '']) {
    t.deepEqual(readStatementComment(statement), {})
  }
  t.is(readStatementComment("x /*command='%E0%A4%A',host='a',pid='1'*/").command, '%E0%A4%A')
})
