/**
 * A three-node cluster on this machine. A script makes it, with the commands of
 * `docs/explanation/faults-and-clusters.md`: `up`, `down`, `status`, `partition N`, `block N`, `heal`, `kill N`,
 * `start N`, `pause N`, `resume N`, `sql N`, `exec`.
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from '../support/until.js'

const run = promisify(execFile)

export type LabKind = 'galera' | 'gr' | 'gr-multi'

export const NODES = [1, 2, 3] as const

const SCRIPT: Record<LabKind, string> = { galera: 'SERA_GALERA_LAB', gr: 'SERA_GR_LAB', 'gr-multi': 'SERA_GR_LAB' }

const FRESH: Record<LabKind, string> = {
  galera: 'SET SESSION wsrep_sync_wait = 7',
  gr: "SET SESSION group_replication_consistency = 'BEFORE'",
  'gr-multi': "SET SESSION group_replication_consistency = 'BEFORE'",
}

const SETTLED_MS: Record<LabKind, number> = { galera: 1000, gr: 7000, 'gr-multi': 7000 }

const SQL_LIMIT_MS = 20_000

export class Lab implements AsyncDisposable {
  private constructor(
    readonly kind: LabKind,
    readonly script: string,
    readonly folder: string,
    readonly clock: string,
  ) {}

  /** `clock`: the offset of member 2's clock; '' is none. */
  static async up(kind: LabKind, clock: string): Promise<Lab> {
    const script = process.env[SCRIPT[kind]]
    if (script === undefined)
      throw new Error(
        `set ${SCRIPT[kind]} to the script that makes the cluster (docs/explanation/faults-and-clusters.md)`,
      )
    const folder = mkdtempSync(join(tmpdir(), `${kind}-`))
    chmodSync(folder, 0o755) // its servers run as another user
    const lab = new Lab(kind, script, folder, clock)
    // on a busy machine a member may not start in time
    for (let tries = 1; ; tries++) {
      try {
        await lab.run('up')
        return lab
      } catch (error) {
        await lab.run('down')
        if (tries === 3) throw error
      }
    }
  }

  get servers(): string[] {
    return NODES.map(node => `lab:lab@tcp(10.78.0.${node}:3306)/lab`)
  }

  /** Starts a command on the clients' host. */
  get prefix(): string[] {
    return [this.script, this.folder, 'exec']
  }

  async run(...words: Array<string | number>): Promise<string> {
    const env = { ...process.env, FAKETIME_2: this.clock, GR_MODE: this.kind === 'gr-multi' ? 'multi' : 'single' }
    // a member without quorum answers nothing
    const timeout = words[0] === 'sql' ? SQL_LIMIT_MS : 0
    const { stdout } = await run(this.script, [this.folder, ...words.map(String)], { env, timeout })
    return stdout
  }

  /** As an administrator, on the first node that answers. */
  async sql(statement: string): Promise<string[][]> {
    for (const node of NODES) {
      try {
        const text = await this.run('sql', node, `${FRESH[this.kind]}; USE lab; ${statement}`)
        return text
          .split('\n')
          .filter(line => line !== '')
          .map(line => line.split('\t'))
      } catch (error) {
        if (node === 3) throw error
      }
    }
    return []
  }

  /** A node that accepts writes. */
  async writer(): Promise<number> {
    const primary = this.kind === 'gr' ? Number(await this.run('primary')) : 0
    return primary || (NODES[Math.floor(Math.random() * 3)] as number)
  }

  /**
   * Waits until all three see each other. Asks the clients for `quiet`, and restarts a member that does not recover by
   * itself.
   */
  async healthy(quiet: () => void): Promise<void> {
    await this.run('heal')
    let goodSince = Number.POSITIVE_INFINITY
    const isHealthy = async () => {
      const lines = (await this.run('status')).trim().split('\n')
      const good = lines.filter(line =>
        this.kind === 'galera'
          ? /Synced/.test(line) && /size=3/.test(line) && /status=Primary/.test(line)
          : line.match(/:ONLINE:/g)?.length === 3,
      )
      // the cluster may expel a member some seconds after it rejoined
      goodSince = good.length === 3 ? Math.min(goodSince, performance.now()) : Number.POSITIVE_INFINITY
      return performance.now() - goodSince >= SETTLED_MS[this.kind]
    }
    const soon = { withinMs: 40_000, everyMs: 500 }
    for (let tries = 0; tries < 8; tries++) {
      try {
        return void (await until('a healthy cluster', isHealthy, soon))
      } catch {
        quiet() // a member may recover more slowly than the clients write
        await this.#help()
      }
    }
    throw new Error(`the cluster in ${this.folder} does not recover:\n${await this.run('status')}`)
  }

  async #help(): Promise<void> {
    const lines = (await this.run('status')).trim().split('\n')
    console.log(`  helping:\n  ${lines.join('\n  ')}`)
    const dead = NODES.filter(node => / dead/.test(lines[node - 1] ?? ''))
    for (const node of dead) await this.run('start', node).catch(report)
    if (this.kind === 'galera') {
      if (dead.length === 0) await this.run('bootstrap', 1).catch(report)
      return
    }
    // a member that recovers only needs time
    const isIn = (node: number) => new RegExp(`${node}:(ONLINE|RECOVERING)`).test(lines[node - 1] ?? '')
    if (!NODES.some(isIn)) await this.run('bootstrap', 1).catch(report)
    for (const node of NODES.filter(node => !isIn(node))) await this.run('rejoin', node).catch(report)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('down')
  }
}

function report(error: unknown): void {
  console.log(`  ${error instanceof Error ? error.message : error}`)
}
