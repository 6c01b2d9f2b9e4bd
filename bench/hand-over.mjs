/**
 * Measures the time from the end of one command to the start of the next. The first holder's command waits for a line;
 * it gets the line when all others wait for the lock, and the queue drains. The commands are bash, which reads the time
 * in microseconds without starting a process. Its own start (a millisecond or two) is in every figure, and alone in the
 * line "(no wrapper)".
 */
import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { settled } from './settled.mjs'
import { ms, quantile } from './table.mjs'

/** The first holder finds the log empty, and holds the lock until the fifo has a line. */
const SCRIPT = `
started=$EPOCHREALTIME
if [ -s "$1/log" ]; then
  echo "start $started" >>"$1/log"
  sleep 0.02
else
  echo "first $started" >>"$1/log"
  read -r word <"$1/go"
fi
echo "end $EPOCHREALTIME" >>"$1/log"`

export async function handOver(wrappers, { waiters, rounds }) {
  const measured = wrappers.map(wrapper => ({ wrapper, gaps: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const { wrapper, gaps } of measured) gaps.push(...(await drain(wrapper, waiters)))
  }
  const bare = { wrapper: { name: '(no wrapper)' }, gaps: inLine(20) }
  return [bare, ...measured].map(({ wrapper, gaps }) => ({
    wrapper: wrapper.name,
    'p50 ms': ms(quantile(gaps, 0.5)),
    'p99 ms': ms(quantile(gaps, 0.99)),
    'hand-overs': gaps.length,
  }))
}

async function drain(wrapper, waiters) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    execFileSync('mkfifo', [join(folder, 'go')])
    writeFileSync(join(folder, 'log'), '')
    const lock = `bench-${randomUUID()}`
    const start = () => started(wrapper, lock, ['bash', '-c', SCRIPT, 'bench', folder])
    const holder = start()
    await settled([holder.child])
    const queue = Array.from({ length: waiters }, start)
    await settled(queue.map(({ child }) => child))
    writeFileSync(join(folder, 'go'), 'go\n')
    await Promise.all([holder, ...queue].map(({ ended }) => ended))
    return gapsIn(readFileSync(join(folder, 'log'), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function started({ argv, env }, lock, command) {
  const [program, ...args] = argv(lock, command)
  const child = spawn(program, args, { env, stdio: 'ignore' })
  return { child, ended: once(child, 'exit') }
}

/** Milliseconds from each end to the next start. */
function gapsIn(log) {
  const gaps = []
  let endedAt
  for (const [what, at] of log
    .trim()
    .split('\n')
    .map(line => line.split(' '))) {
    if (what === 'end') endedAt = Number(at)
    else if (what === 'start' && endedAt !== undefined) gaps.push((Number(at) - endedAt) * 1000)
  }
  return gaps
}

/** The same commands, run one after the other by a shell. */
function inLine(count) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    writeFileSync(join(folder, 'log'), 'first 0\n')
    execFileSync('bash', ['-c', `for i in $(seq ${count}); do bash -c '${SCRIPT}' bench ${folder}; done`])
    return gapsIn(readFileSync(join(folder, 'log'), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
