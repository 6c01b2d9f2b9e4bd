/** A gateway for a benchmark, on a port that the system chooses. */
import { spawn } from 'node:child_process'

/** @param more further arguments of `sera serve` */
export async function startGateway(dsn, binary, more = []) {
  const program = binary ? ['dist/sera'] : ['bin/sera']
  const args = [...program.slice(1), 'serve', '--verbose', '--listen', '127.0.0.1:0', ...more]
  const child = spawn(program[0], args, {
    env: { ...process.env, SERA_SERVER: dsn },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  for await (const chunk of child.stderr) {
    said += chunk
    const port = /listening on \S+:(\d+)/.exec(said)?.[1]
    if (port) return { process: child, port: Number(port), runtime: binary ? 'binary' : 'node' }
  }
  throw new Error(`the gateway ended: ${said}`)
}
