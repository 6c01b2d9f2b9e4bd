/**
 * The lock tables in memory, with the same contract as in a database: for tests of rules, and for unit tests of
 * programs that use sera (`sera/testing`). Stores that share `MemoryTables` act as processes that share a server.
 */
import {
  applied,
  type Change,
  type Claim,
  type ClaimRequest,
  type ClaimState,
  type ClaimStore,
  type ClaimWithOwner,
  type Decision,
  freshClaim,
  type LookRequest,
  NEVER_MS,
  NO_PROCESS,
  type Resource,
  type ResourceKey,
  type ResourceState,
  resultOf,
  type StepOptions,
  type StepResult,
} from '../../claims/model.js'
import { type Owner, ownerOf } from '../../claims/owner.js'
import { type Clock, type Random, sleep } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'

interface StoredClaim {
  claim: Claim
  owner: Owner
  /** By the clock of the tables, ms. */
  expiresAt: number
  since: number
  /** The recorded sighting. */
  seen?: { renewals: number; at: number }
}

interface StoredResource {
  resource: Resource
  rows: StoredClaim[]
}

const UNUSED: Resource = {
  version: 0,
  grantedToken: undefined,
  capacity: undefined,
  value: 0,
  generation: 0,
  record: undefined,
}

export class MemoryTables {
  readonly shelves = new Map<string, StoredResource>()

  constructor(
    readonly clock: Clock,
    readonly random: Random,
  ) {}

  /** Microseconds since 1970, like a server's clock. */
  get now(): number {
    return Math.round(this.clock.wall() * 1000)
  }

  shelf({ kind, name }: ResourceKey): StoredResource {
    const key = `${kind}\0${name}`
    const found = this.shelves.get(key) ?? { resource: UNUSED, rows: [] }
    this.shelves.set(key, found)
    return found
  }

  find(id: string): { shelf: StoredResource; row: StoredClaim } | undefined {
    for (const shelf of this.shelves.values()) {
      const row = shelf.rows.find(({ claim }) => claim.id === id)
      if (row) return { shelf, row }
    }
    return undefined
  }
}

export class MemoryStore implements ClaimStore {
  readonly processId: string

  constructor(
    readonly tables: MemoryTables,
    readonly owner: Owner = ownerOf(0, []),
  ) {
    this.processId = tables.random.id(8)
  }

  async step(
    key: ResourceKey,
    request: ClaimRequest,
    decide: (state: ResourceState, me: Claim) => Decision,
    { join, signal }: StepOptions,
  ): Promise<StepResult> {
    const sentAt = this.tables.clock.boot()
    await this.#answer(signal)
    const shelf = this.tables.shelf(key)
    const version = Math.max(shelf.resource.version + 1, this.tables.now)
    const claims = this.#claims(shelf)
    const known = claims.find(({ id }) => id === request.id)
    const me = known ?? freshClaim(request, version, this.processId)
    const present = known ? claims : [...claims, me]
    const state = {
      resource: { ...shelf.resource, version },
      claims: present,
      upTo: Number.POSITIVE_INFINITY,
      now: this.tables.now,
    }
    const decision = decide(state, me)
    if ('conflict' in decision) throw new SeraError('conflict', decision.conflict)
    const dead = new Set(decision.dead?.map(({ id }) => id))
    const after = applied(
      decision,
      present.filter(({ id }) => !dead.has(id)),
      version,
    )
    const mine = after.find(({ id }) => id === request.id)
    this.#reap(shelf, decision)
    if (!known && mine?.state === 'waiting' && !join) return { mine: undefined, admitted: false, sentAt }
    this.#write(shelf, decision, after, version, request)
    return resultOf(decision, mine, request.id, sentAt)
  }

  async look(asked: readonly LookRequest[], { signal }: Deadline): Promise<ResourceState[]> {
    await this.#answer(signal)
    return asked.map(({ key, upTo }) => {
      const shelf = this.tables.shelf(key)
      const claims = this.#claims(shelf).filter(({ ticket }) => ticket <= upTo)
      return { resource: shelf.resource, claims, upTo, now: this.tables.now }
    })
  }

  async front(key: ResourceKey, oldest: number, deadline: Deadline): Promise<ResourceState> {
    const [state] = await this.look([{ key, upTo: Number.POSITIVE_INFINITY }], deadline)
    return { ...(state as ResourceState), claims: state?.claims.slice(0, oldest) ?? [] }
  }

  async renew(ids: readonly string[], { signal }: Deadline): Promise<Set<string>> {
    await this.#answer(signal)
    const rows = ids.flatMap(id => this.tables.find(id)?.row ?? [])
    for (const row of rows) this.#renew(row)
    return new Set(rows.map(({ claim }) => claim.id))
  }

  async remove(id: string, { signal }: Deadline, onlyIf?: ClaimState): Promise<boolean> {
    await this.#answer(signal)
    const found = this.tables.find(id)
    if (!found || (onlyIf && found.row.claim.state !== onlyIf)) return false
    found.shelf.rows = found.shelf.rows.filter(row => row !== found.row)
    return true
  }

  async sight(most: number, { signal }: Deadline): Promise<void> {
    await this.#answer(signal)
    const isUnseen = ({ processId, overdueMs, seenForMs = -1 }: Claim) =>
      processId !== NO_PROCESS && overdueMs > 0 && seenForMs < 0
    for (const shelf of this.tables.shelves.values()) {
      this.#reap(shelf, { sighted: this.#claims(shelf).filter(isUnseen).slice(0, most) })
    }
  }

  async expired(afterMs: number, most: number, { signal }: Deadline): Promise<ResourceKey[]> {
    await this.#answer(signal)
    const isExpired = ({ processId, leaseMs, overdueMs, seenForMs = -1 }: Claim) =>
      leaseMs !== NEVER_MS && overdueMs > 0 && (processId === NO_PROCESS || seenForMs > leaseMs + afterMs)
    const found = [...this.tables.shelves].filter(([, shelf]) => this.#claims(shelf).some(isExpired))
    return found.slice(0, most).map(([name]) => {
      const [kind = '', ...rest] = name.split('\0')
      return { kind, name: rest.join('\0') }
    })
  }

  async listClaims(key: ResourceKey): Promise<ClaimWithOwner[]> {
    const now = this.tables.clock.now()
    return this.tables.shelf(key).rows.map(({ claim, owner, expiresAt, since }) => {
      return { ...claim, ...owner, overdueMs: now - expiresAt, sinceMs: now - since }
    })
  }

  rest(): void {}

  async close(): Promise<void> {}

  /** Answers later, as a server does, unless the caller has aborted. */
  async #answer(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    await sleep(this.tables.clock, 0)
  }

  #claims(shelf: StoredResource): Claim[] {
    const now = this.tables.clock.now()
    return shelf.rows.map(({ claim, expiresAt, seen }) => {
      const seenForMs = seen?.renewals === claim.renewals ? now - seen.at : undefined
      return { ...claim, overdueMs: now - expiresAt, seenForMs }
    })
  }

  /** Reaps the dead claims, and records sightings of overdue ones. */
  #reap(shelf: StoredResource, { dead = [], sighted = [] }: Pick<Decision, 'dead' | 'sighted'>): void {
    const [reaped, seen] = [dead, sighted].map(claims => new Set(claims.map(({ id }) => id)))
    const at = this.tables.clock.now()
    shelf.rows = shelf.rows
      .filter(({ claim }) => !reaped?.has(claim.id))
      .map(row => (seen?.has(row.claim.id) ? { ...row, seen: { renewals: row.claim.renewals, at } } : row))
  }

  #write(shelf: StoredResource, change: Change, after: readonly Claim[], version: number, mine: ClaimRequest): void {
    const before = new Map(shelf.rows.map(row => [row.claim.id, row]))
    const now = this.tables.clock.now()
    const granted = change.claims?.some(({ state }) => state === 'granted')
    shelf.resource = {
      ...shelf.resource,
      ...change.resource,
      version,
      grantedToken: granted ? version : shelf.resource.grantedToken,
    }
    shelf.rows = after.map(claim => {
      const row = before.get(claim.id) ?? {
        claim,
        owner: mine.owner ?? this.owner,
        expiresAt: now + claim.leaseMs,
        since: now,
      }
      const since = row.claim.state === claim.state ? row.since : now
      return { ...row, claim, since }
    })
    for (const row of shelf.rows) if (row.claim.id === mine.id) this.#renew(row)
  }

  #renew(row: StoredClaim): void {
    row.claim = { ...row.claim, renewals: row.claim.renewals + 1 }
    row.expiresAt = this.tables.clock.now() + row.claim.leaseMs
  }
}
