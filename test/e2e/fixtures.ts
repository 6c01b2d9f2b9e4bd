/** Small commands for sera to run. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A command that writes its start and each signal that it gets to `FILE`. It ends when `FILE.end` appears (exit code 3).
 */
export function signalCounter(folder: string): string {
  const file = join(folder, 'signal-counter')
  writeFileSync(
    file,
    `#!/bin/bash
exec 7>>"$1"
for name in INT TERM HUP QUIT USR1 USR2; do trap "echo $name >&7" $name; done
echo "start $$" >&7
while [ ! -e "$1.end" ]; do sleep 0.05; done
exit 3
`,
  )
  chmodSync(file, 0o755)
  return file
}
