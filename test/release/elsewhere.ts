/**
 * The binaries of other machines: arm64 in the user-mode emulator of QEMU, musl in a chroot with Debian's musl. The commands that
 * sera starts, and the guard, are this machine's own programs under QEMU. One at a time: emulation is slow.
 */
import { cpSync, linkSync, mkdirSync, mkdtempSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import test from 'ava'
import { environmentAt, testFolder } from '../support/environment.js'
import { sharedServers } from '../support/servers.js'
import { type Artefacts, archiveName } from './artefacts.js'
import { output, run } from './programs.js'

/** Root file systems that scripts/setup-release-tests has made. */
const ROOTS = resolve('build/release-tools/roots')

interface Machine {
  target: string
  /** Readies the machine for a program; returns what goes in front of its words. */
  boot(program: string): string[]
}

const MACHINES: readonly Machine[] = [
  { target: 'linux-arm64', boot: program => emulated('/usr/aarch64-linux-gnu', program) },
  { target: 'linux-arm64-musl', boot: program => emulated(join(ROOTS, 'arm64-musl'), program) },
  { target: 'linux-x64-musl', boot: confined },
]

function emulated(root: string, program: string): string[] {
  return ['qemu-aarch64-static', '-L', root, program]
}

function confined(program: string): string[] {
  const root = mkdtempSync(join(testFolder, 'musl-'))
  cpSync(join(ROOTS, 'x64-musl'), root, { recursive: true, verbatimSymlinks: true })
  for (const folder of ['proc', 'dev', 'tmp', 'usr/bin']) mkdirSync(join(root, folder), { recursive: true })
  linkSync(program, join(root, 'usr/bin/sera'))
  const script = 'for f in proc dev; do mount --rbind /$f "$0/$f"; done; exec chroot "$0" /usr/bin/sera "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, root]
}

export function elsewhereTests({ version, find }: Artefacts): void {
  for (const { target, boot } of MACHINES) {
    const unpacked = mkdtempSync(join(testFolder, 'elsewhere-'))
    const name = archiveName(version, target)
    const program = join(unpacked, basename(name, '.tar.xz'), 'bin/sera')
    let prefix: string[] = []
    const words = (...args: string[]) => {
      const [file = '', ...before] = prefix
      return [file, [...before, ...args]] as const
    }
    test.before(async t => {
      await output(t, 'tar', ['-xJf', find(name), '-C', unpacked])
      prefix = boot(program)
    })

    test.serial(`${target} says its version and target`, async t => {
      const report = JSON.parse(await output(t, ...words('--version', '--json'), { env: environmentAt('/tmp') }))
      t.like(report, { version, target })
    })

    for (const server of sharedServers()) {
      const { SERA_CONFIG: _, ...environment } = environmentAt('/tmp') // the file of the tests is not in the chroot
      const options = { env: { ...environment, SERA_SERVER: `${server.dsn()}?timeout=60s` } }
      const on = `${target}, ${server.kind}`

      test.serial(`a command runs under its lock (${on})`, async t => {
        const { code, stdout, stderr } = await run(...words('5', 'sh', '-c', 'echo hello; exit 3'), options)
        t.deepEqual({ code, stdout, stderr }, { code: 3, stdout: 'hello\n', stderr: '' })
      })

      test.serial(`a command runs under a lock of the lock tables (${on})`, async t => {
        const args = ['semaphore', `elsewhere-${target}`, '2', '10', 'sh', '-c', 'echo $SERA_SLOT; exit 4']
        const { code, stdout, stderr } = await run(...words(...args), options)
        t.deepEqual({ code, stdout, stderr }, { code: 4, stdout: '0\n', stderr: '' })
      })

      test.serial(`doctor finds no fault, and its guard ends a process (${on})`, async t => {
        const { stdout, stderr } = await run(...words('doctor', '--json'), options)
        const { checks } = JSON.parse(stdout) as { checks: { name: string; verdict: string; says: string }[] }
        t.is(checks.find(({ name }) => name === 'guard')?.verdict, 'good', stdout)
        t.deepEqual(
          checks.filter(({ verdict }) => verdict === 'bad'),
          [],
          stderr,
        )
      })

      test.serial(`a command that runs too long is ended (${on})`, async t => {
        const args = ['--run-at-most', '1s', '--grace', '1s', '5', 'sleep', '60']
        const { code } = await run(...words(...args), options)
        t.is(code, 207)
      })
    }
  }
}
