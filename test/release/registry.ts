/**
 * An npm registry on this machine, for installing the packed packages as a user does: those of a release, and their dependencies,
 * packed from node_modules. Nothing comes from the network.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

interface Manifest {
  name: string
  version: string
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

interface Stored {
  manifest: Manifest
  tarball: Buffer
}

export class Registry {
  readonly #stored = new Map<string, Stored>()
  readonly #server: Server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').slice(1).replace(/\?.*/, ''))
    const body = path.endsWith('.tgz') ? this.#stored.get(path.slice(0, -4))?.tarball : this.#document(path)
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(body ?? '{}')
  })

  /** @param scratch a folder of the caller's */
  constructor(
    releases: string,
    readonly scratch: string,
  ) {
    mkdirSync(scratch, { recursive: true })
    for (const name of readdirSync(releases).filter(file => file.endsWith('.tgz'))) {
      const file = join(releases, name)
      const text = execFileSync('tar', ['-xOzf', file, 'package/package.json'], { encoding: 'utf8' })
      this.#add(JSON.parse(text), readFileSync(file))
    }
    for (const { manifest } of [...this.#stored.values()]) this.#addDependencies(manifest)
  }

  async listen(): Promise<string> {
    await new Promise<void>(done => this.#server.listen(0, '127.0.0.1', done))
    return `${this.url}/`
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #add(manifest: Manifest, tarball: Buffer): void {
    this.#stored.set(manifest.name, { manifest, tarball })
  }

  #addDependencies({ dependencies = {}, peerDependencies = {} }: Manifest): void {
    for (const name of Object.keys({ ...dependencies, ...peerDependencies }).filter(name => !this.#stored.has(name))) {
      const folder = join('node_modules', name)
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = join(this.scratch, 'packed.tgz')
      execFileSync('tar', ['-czf', file, '-C', folder, '--exclude=./node_modules', '--transform=s,^\\.,package,', '.'])
      this.#add(manifest, readFileSync(file))
      this.#addDependencies(manifest)
    }
  }

  #document(name: string): string | undefined {
    const { manifest, tarball } = this.#stored.get(name) ?? {}
    if (manifest === undefined || tarball === undefined) return undefined
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const version = { ...manifest, dist: { tarball: `${this.url}/${name}.tgz`, integrity } }
    return JSON.stringify({
      name,
      'dist-tags': { latest: manifest.version },
      versions: { [manifest.version]: version },
    })
  }
}
