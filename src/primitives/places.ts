/** The places of one process. No operation costs more the more places there are. */
import type { ResourceKey } from '../store/claims.js'
import type { Place } from './place.js'

export class Places {
  readonly #byId = new Map<string, Place>()
  /** Ids, by resource. */
  readonly #byResource = new Map<string, Set<string>>()

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  all(): Place[] {
    return [...this.#byId.values()]
  }

  add(place: Place): void {
    const resource = nameOf(place.key)
    this.#byId.set(place.id, place)
    this.#byResource.set(resource, (this.#byResource.get(resource) ?? new Set()).add(place.id))
  }

  /** @returns whether the process has no other place at that resource */
  delete({ id, key }: Place): boolean {
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
