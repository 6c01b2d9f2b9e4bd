/** Lock tables that a process uses until it dies: then nothing of it is heard any more. */

import type { ClaimStore } from '../../src/claims/model.js'
import { SeraError } from '../../src/errors.js'

export class MortalStore implements ClaimStore {
  #isDead = false

  constructor(readonly store: ClaimStore) {}

  die(): void {
    this.#isDead = true
  }

  get processId(): string {
    return this.store.processId
  }

  get owner() {
    return this.store.owner
  }

  async step(...call: Parameters<ClaimStore['step']>) {
    return this.#alive().step(...call)
  }

  async look(...call: Parameters<ClaimStore['look']>) {
    return this.#alive().look(...call)
  }

  async front(...call: Parameters<ClaimStore['front']>) {
    return this.#alive().front(...call)
  }

  async renew(...call: Parameters<ClaimStore['renew']>) {
    return this.#alive().renew(...call)
  }

  async remove(...call: Parameters<ClaimStore['remove']>) {
    return this.#alive().remove(...call)
  }

  async sight(...call: Parameters<ClaimStore['sight']>) {
    return this.#alive().sight(...call)
  }

  async expired(...call: Parameters<ClaimStore['expired']>) {
    return this.#alive().expired(...call)
  }

  async listClaims(...call: Parameters<ClaimStore['listClaims']>) {
    return this.#alive().listClaims(...call)
  }

  rest(): void {
    this.store.rest()
  }

  close(): Promise<void> {
    return this.store.close()
  }

  #alive(): ClaimStore {
    if (this.#isDead) throw new SeraError('lock-failed', 'this process is dead')
    return this.store
  }
}
