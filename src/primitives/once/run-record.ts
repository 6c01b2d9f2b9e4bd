/** The runs that a key remembers: the newest success and the newest failure, as JSON in the resource's record. */

import type { Change, Resource, ResourceState } from '../../claims/model.js'
import { formatDuration } from '../../config/duration.js'
import { FOREVER } from '../gate.js'

/** A run that has ended. Times are µs since 1970, by the server's clock. */
export interface PastRunRecord {
  /** The id of its claim. */
  id: string
  /** 0 is success. */
  exitCode: number
  host: string
  pid: number
  user: string
  command: string
  startedAt: number
  finishedAt: number
  /** The resource's version when the run was recorded. A claim with a lower ticket waited at that time. */
  at: number
  /** The result of a program's work: JSON. */
  value?: unknown
  /** The message of the error that a program's work threw. */
  message?: string
}

interface RunRecord {
  success?: PastRunRecord
  /** Only for the participants that waited for this run. */
  failure?: PastRunRecord
}

export function runsOf({ record }: Pick<Resource, 'record'>): RunRecord {
  return record === undefined ? {} : JSON.parse(record)
}

/** Whether the record has the run of this claim. A later success or failure replaces an earlier one. */
export function isRecorded(resource: Resource, id: string): boolean {
  return Object.values(runsOf(resource)).some(run => run.id === id)
}

/** The run that a claim with this ticket takes over. A success counts only if it started within `perMs`. */
export function runToTakeOver(
  { resource, now }: ResourceState,
  ticket: number,
  perMs: number,
): PastRunRecord | undefined {
  const runs = runsOf(resource)
  const whileItWaited = Object.values(runs).filter(({ at }) => at > ticket)
  if (whileItWaited.length > 0) return whileItWaited.sort((a, b) => b.at - a.at)[0]
  const { success } = runs
  const counts = success && resource.value > now && success.startedAt > now - perMs * 1000
  return counts ? success : undefined
}

/** The record with one more run, and how long it is kept: a success for `keepMs`, a failure only while participants wait for it. */
export function withRun(
  { resource, now }: ResourceState,
  run: PastRunRecord,
  keepMs: number,
): NonNullable<Change['resource']> {
  const before = runsOf(resource)
  if (run.exitCode === 0) {
    const value = Math.min(FOREVER, now + Math.ceil(keepMs * 1000))
    return { record: JSON.stringify({ ...before, success: run }), value }
  }
  const record = JSON.stringify({ ...before, failure: run })
  return before.success ? { record } : { record, value: now }
}

/** `already failed on web-1 (exit 3, pid 4312, started 2026-11-21 16:40:12 UTC, 3m ago)`; `now`: µs, as the run's times. */
export function describeRun({ host, pid, startedAt, exitCode, message }: PastRunRecord, now: number): string {
  const at = dateOf(startedAt).toISOString().slice(0, 19).replace('T', ' ')
  const ago = formatDuration(Math.max(0, Math.floor((now - startedAt) / 1_000_000)) * 1000)
  const run = `pid ${pid}, started ${at} UTC, ${ago} ago)`
  if (exitCode === 0) return `already done on ${host} (${run}`
  return `already failed on ${host} (${message === undefined ? `exit ${exitCode}, ${run}` : `${run}: ${message}`}`
}

export function dateOf(microseconds: number): Date {
  return new Date(microseconds / 1000)
}
