/** The claims of this process. The cost of an operation does not depend on their number. */
import type { ResourceKey } from './model.js'
import type { OwnClaim } from './own-claim.js'

export class OwnClaims {
  readonly #byId = new Map<string, OwnClaim>()
  /** Ids, by resource. */
  readonly #byResource = new Map<string, Set<string>>()

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  all(): OwnClaim[] {
    return [...this.#byId.values()]
  }

  add(ownClaim: OwnClaim): void {
    const resource = nameOf(ownClaim.key)
    this.#byId.set(ownClaim.id, ownClaim)
    this.#byResource.set(resource, (this.#byResource.get(resource) ?? new Set()).add(ownClaim.id))
  }

  /** @returns whether the process has no other claim at that resource */
  delete({ id, key }: OwnClaim): boolean {
    const resource = nameOf(key)
    const ids = this.#byResource.get(resource)
    this.#byId.delete(id)
    ids?.delete(id)
    if (ids !== undefined && ids.size > 0) return false
    this.#byResource.delete(resource)
    return true
  }
}

function nameOf({ kind, name }: ResourceKey): string {
  return `${kind}\0${name}`
}
