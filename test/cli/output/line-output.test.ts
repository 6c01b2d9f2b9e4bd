/** Output to a pipe whose reader is slow, stops or closes. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { LineOutput } from '../../../src/cli/output/line-output.js'
import { systemClock } from '../../../src/clock.js'
import { until } from '../../support/until.js'

const folder = mkdtempSync(join(process.env.SERA_TEST_DIR ?? tmpdir(), 'lines-'))

/** A pipe with both ends in this process. */
function pipe(name: string): { reader: number; writer: number } {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY) }
}

function read(fd: number): string {
  const bytes = Buffer.alloc(1 << 20)
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return ''
    throw error
  }
}

test('a stopped reader blocks nothing, and later gets the oldest lines and the number of dropped ones', async t => {
  const { reader, writer } = pipe('stopped')
  const output = new LineOutput(writer, lines => `${lines} missing`, systemClock)
  const line = 'x'.repeat(1023)
  for (let n = 0; n < 4000; n++) output.write(`${String(n).padStart(4, '0')}${line.slice(5)}`)
  let said = ''
  await until('all has been read', () => {
    said += read(reader)
    return / missing\n/.test(said)
  })
  const lines = said.trimEnd().split('\n')
  const missing = Number(lines.pop()?.split(' ')[0])
  t.is(lines.length + missing, 4000)
  t.true(lines.length > 1000 && lines.length < 1300, 'a megabyte, and the size of the pipe')
  t.deepEqual(
    lines.map(text => Number(text.slice(0, 4))),
    lines.map((_, n) => n),
  )
  output.write('and it goes on')
  t.is(read(reader), 'and it goes on\n')
  output.close()
})

test('a closed reader is no error', t => {
  const { reader, writer } = pipe('gone')
  const output = new LineOutput(writer, () => '', systemClock)
  output.write('one')
  t.is(read(reader), 'one\n')
  closeSync(reader)
  t.notThrows(() => {
    output.write('two')
    output.write('three')
    output.close()
  })
})

test('every line is appended to a file', t => {
  const path = join(folder, 'file')
  const fd = openSync(path, 'w')
  const output = new LineOutput(fd, () => '', systemClock)
  for (let n = 0; n < 100; n++) output.write(`ü ${n}`)
  output.close()
  t.is(readFileSync(path, 'utf8').split('\n').length, 101)
})
