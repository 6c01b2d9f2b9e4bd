/** The machines that sera is released for, and what Bun, npm and the archives call them. */
export interface Target {
  /** In the names of artefacts, and in `sera --version --json`. */
  name: `linux-${'x64' | 'arm64'}${'' | '-musl'}`
  cpu: 'x64' | 'arm64'
  libc: 'glibc' | 'musl'
  /** Bun's name, for its bundler and its package. */
  bun: string
}

export const TARGETS: readonly Target[] = [
  { name: 'linux-x64', cpu: 'x64', libc: 'glibc', bun: 'bun-linux-x64' },
  { name: 'linux-arm64', cpu: 'arm64', libc: 'glibc', bun: 'bun-linux-aarch64' },
  { name: 'linux-x64-musl', cpu: 'x64', libc: 'musl', bun: 'bun-linux-x64-musl' },
  { name: 'linux-arm64-musl', cpu: 'arm64', libc: 'musl', bun: 'bun-linux-aarch64-musl' },
]
