/** `sera --print-lock-name <wait> <command…>`: prints the name of the lock, and runs nothing. */
import { lockName } from '../../lockname/lockname.js'
import type { Task } from '../../run/context.js'

export function printLockName(): Task {
  return async ({ host, command, options, settings }) => {
    host.stdout.write(`${lockName(command, { name: options.name, namespace: settings.namespace })}\n`)
    return { kind: 'done' }
  }
}
