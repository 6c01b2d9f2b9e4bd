/**
 * A YAML file whose errors name the line. It is read as PyYAML reads it (YAML 1.1, anchors, merge keys), because existing pools
 * files were written for PyYAML.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { nearest } from '../../config/nearest.js'
import { unexpected } from '../../config/values.js'
import { SeraError } from '../../errors.js'

/** Keys and list indexes, from the root. */
export type Path = readonly (string | number)[]

export class LocatedYaml {
  /** One line each. */
  readonly warnings: string[] = []
  readonly #lines = new LineCounter()
  readonly #root: Node | null
  readonly #content: unknown

  /** @throws SeraError config, if the text is not valid YAML */
  constructor(
    readonly text: string,
    readonly file: string,
  ) {
    const options = { version: '1.1', lineCounter: this.#lines, prettyErrors: false } as const
    const document = parseDocument(text, options)
    const [error] = document.errors
    if (error) throw this.#broken(error.pos[0], error.code, error.message)
    this.#root = document.contents
    try {
      this.#content = document.toJS()
    } catch (error) {
      throw new SeraError('config', `${file}: ${(error as Error).message}`) // an alias that is undefined or expands too far
    }
  }

  /** The object at a path; adds a warning for each unknown key. @throws SeraError config, if it is no object */
  object(path: Path, known: readonly string[]): Readonly<Record<string, unknown>> {
    const value = path.reduce<unknown>((outer, key) => (outer as Record<string | number, unknown>)[key], this.#content)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.wrong(path, unexpected(`keys and values (${known.join(', ')})`, value).message)
    }
    for (const key of Object.keys(value)) if (!known.includes(key)) this.#warnOfUnknown(path, key, known)
    return value as Record<string, unknown>
  }

  #warnOfUnknown(path: Path, key: string, known: readonly string[]): void {
    const meant = nearest(key, known)
    this.warn([...path, key], `unknown key${meant === undefined ? '' : `, did you mean "${meant}"?`}`)
  }

  warn(path: Path, what: string): void {
    this.warnings.push(`${this.placeOf(path)}: ${what}`)
  }

  wrong(path: Path, what: string): SeraError {
    return new SeraError('config', `${this.placeOf(path)}: ${what}`)
  }

  /** `pools.yaml:7: expire`. For a missing key, the line of the object that lacks it. */
  placeOf(path: Path): string {
    const key = path.findLast(step => typeof step === 'string')
    const line = this.#lineOf(offsetOf(this.#root, path))
    return `${this.file}:${line}${key === undefined ? '' : `: ${key}`}`
  }

  #lineOf(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line)
  }

  #broken(offset: number, code: string, message: string): SeraError {
    const key = /^[^\s:]*/.exec(this.text.slice(offset))?.[0]
    const what = code === 'DUPLICATE_KEY' ? `duplicate key ${key}` : `not valid YAML: ${message.replace(/\s+/g, ' ')}`
    return new SeraError('config', `${this.file}:${this.#lineOf(offset)}: ${what}`)
  }
}

/** The offset of a key or list entry. Behind an alias the path can't be followed: the offset of the alias. */
function offsetOf(root: Node | null, path: Path): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const step of path) {
    const [at, next] = stepInto(node, step)
    if (at === undefined) break
    offset = at
    node = next
  }
  return offset
}

function stepInto(node: unknown, step: string | number): [number | undefined, unknown] {
  if (isSeq<Node>(node)) {
    const item = node.items[Number(step)]
    return [item?.range?.[0], item]
  }
  const pair = isMap(node) && (node.items as Pair[]).find(({ key }) => isScalar(key) && String(key.value) === step)
  return pair ? [(pair.key as Node).range?.[0], pair.value] : [undefined, undefined]
}
