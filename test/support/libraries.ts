import { execFileSync } from 'node:child_process'

/** The libraries that a program needs, and their loader; none when it is linked statically. */
export function librariesOf(program: string): string[] {
  try {
    const text = execFileSync('ldd', [program], { encoding: 'utf8', stdio: 'pipe' })
    return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, file = '']) => file)
  } catch {
    return [] // it is linked statically
  }
}
