/** install.sh, from a file server on this machine. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { environmentAt, testFolder } from '../support/environment.js'
import { librariesOf } from '../support/libraries.js'
import { sharedServers } from '../support/servers.js'
import { type Artefacts, archiveName } from './artefacts.js'
import { output, run } from './programs.js'

export function installerTests({ folder, version }: Artefacts): void {
  const archive = archiveName(version, `linux-${process.arch}`)
  const serve = (t: ExecutionContext, changed: Record<string, Buffer | undefined> = {}) =>
    fileServer(t, name => (name in changed ? changed[name] : readFileSync(join(folder, name))))
  const install = (url: string, env: NodeJS.ProcessEnv = {}) => {
    const home = mkdtempSync(join(testFolder, 'install-'))
    const prefix = join(home, '.local')
    const ran = run('sh', [join(folder, 'install.sh'), '--from', url, '--prefix', prefix], {
      cwd: home,
      env: { ...environmentAt(home), ...env },
    })
    return { home, prefix, ran }
  }

  test('install.sh installs a program that runs a command', async t => {
    const { prefix, ran, home } = install(await serve(t))
    const { code, stdout, stderr } = await ran
    const told = `sera ${version} (linux-${process.arch}) is installed: ${prefix}/bin/sera\nAdd ${prefix}/bin to PATH.\n`
    t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: told, stderr: '' })
    const env = { ...environmentAt(home), SERA_SERVER: sharedServers()[0]?.dsn() }
    t.is(await output(t, join(prefix, 'bin/sera'), ['5', 'echo', 'hello'], { env }), 'hello\n')
    t.true(existsSync(join(prefix, 'share/doc/sera/THIRD-PARTY-NOTICES')))
  })

  test('install.sh refuses an archive that was changed, and installs nothing', async t => {
    const bytes = readFileSync(join(folder, archive))
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100)
    const { prefix, ran } = install(await serve(t, { [archive]: bytes }))
    await refused(t, ran, new RegExp(`^install.sh: ${archive} has the wrong SHA-256`))
    t.false(existsSync(prefix))
  })

  test('install.sh refuses an archive that SHA256SUMS does not list', async t => {
    const { ran } = install(await serve(t, { SHA256SUMS: Buffer.from('') }))
    await refused(t, ran, new RegExp(`^install.sh: SHA256SUMS does not list ${archive}`))
  })

  test('install.sh says what it could not download', async t => {
    const { ran } = install(await serve(t, { [archive]: undefined }))
    await refused(t, ran, new RegExp(`${archive} could not be downloaded`), 2)
  })

  for (const [machine, line] of [
    ['Linux riscv64', 'there is no sera for the processor riscv64; on Node: npm install --global sera'],
    ['Darwin arm64', 'sera runs on Linux, not on Darwin'],
  ] as const) {
    test(`install.sh refuses ${machine} in one line`, async t => {
      const [system, processor] = machine.split(' ')
      const bin = mkdtempSync(join(testFolder, 'uname-'))
      writeFileSync(join(bin, 'uname'), `#!/bin/sh\n[ "$1" = -s ] && echo ${system} || echo ${processor}\n`)
      chmodSync(join(bin, 'uname'), 0o755)
      const { ran } = install('http://127.0.0.1:1', { PATH: `${bin}:${process.env.PATH}` })
      await refused(t, ran, new RegExp(`^install.sh: ${line}\n$`))
    })
  }

  test('install.sh refuses a machine without a C library in one line', async t => {
    const root = mkdtempSync(join(testFolder, 'bare-'))
    const copied = ['/bin/busybox', ...librariesOf('/bin/busybox')].map(file => {
      copyFileSync(file, join(root, basename(file)))
      return basename(file)
    })
    copyFileSync(join(folder, 'install.sh'), join(root, 'install.sh'))
    const loader = copied.find(name => name.startsWith('ld-'))
    const busybox = loader === undefined ? ['/busybox'] : [`/${loader}`, '--library-path', '/', '/busybox']
    // no other program can be executed there
    const script = 'uname() { [ "$1" = -s ] && echo Linux || echo x86_64; }; id() { echo 0; }; . /install.sh'
    const shell = [...busybox, 'sh', '-c', script, 'sh', '--prefix', '/usr']
    await refused(t, run('chroot', [root, ...shell]), /^install.sh: no C library found/)
  })
}

/** Exit code 1, and one line on stderr; a downloader may have put one before it. */
async function refused(t: ExecutionContext, ran: ReturnType<typeof run>, line: RegExp, lines = 1) {
  const { code, stdout, stderr } = await ran
  t.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  t.regex(stderr, line)
  t.is(stderr.trim().split('\n').length, lines, stderr)
}

async function fileServer(t: ExecutionContext, read: (name: string) => Buffer | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const body = read((request.url ?? '/').slice(1))
    response.writeHead(body === undefined ? 404 : 200)
    response.end(body)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
