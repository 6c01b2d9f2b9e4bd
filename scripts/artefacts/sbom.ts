/** The bill of materials, CycloneDX 1.6: the packages in the bundle, and Bun with what it links. */
import { createHash } from 'node:crypto'
import { BUN_PARTS } from './bun-parts.ts'
import type { Package } from './packages-used.ts'
import type { Release } from './release-options.ts'

interface Component {
  type: 'library' | 'platform' | 'application'
  'bom-ref': string
  name: string
  version?: string
  licenses: readonly unknown[]
  [more: string]: unknown
}

export function sbom({ version, commit, epoch }: Release, packages: readonly Package[]): string {
  const root = { type: 'application', name: 'sera', version, 'bom-ref': 'sera', licenses: [licence('MIT')] }
  const bun = bunComponent()
  const components = [...packages.map(component), bun]
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(`${version} ${commit}`)}`,
    version: 1,
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      component: { ...root, properties: [{ name: 'commit', value: commit }] },
    },
    components,
    dependencies: [{ ref: 'sera', dependsOn: components.map(one => one['bom-ref']) }],
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function component({ name, version, license, homepage, integrity }: Package): Component {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  const sha512 = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex')
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    licenses: [licence(license)],
    hashes: [{ alg: 'SHA-512', content: sha512 }],
    ...(homepage === undefined ? {} : { externalReferences: [{ type: 'website', url: homepage }] }),
  }
}

function bunComponent(): Component {
  const purl = `pkg:github/oven-sh/bun@bun-v${Bun.version}`
  const parts = BUN_PARTS.map(({ name, licence: expression, url }) => ({
    type: 'library',
    'bom-ref': `bun/${name}`,
    name,
    licenses: [licence(expression)],
    externalReferences: [{ type: 'vcs', url }],
  }))
  return {
    type: 'platform',
    'bom-ref': purl,
    name: 'bun',
    version: Bun.version,
    purl,
    licenses: [licence('MIT')],
    components: parts,
  }
}

function licence(text: string): unknown {
  return / (AND|OR|WITH) /.test(text) ? { expression: text } : { license: { id: text } }
}

/** Version 8: of a hash, so that two builds name the document alike. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}
