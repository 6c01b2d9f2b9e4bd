/** What is remembered of the runs of a key: the newest success and the newest failure, as JSON in the resource's record. */

import type { Change, Resource, ResourceState } from '../../claims/model.js'
import { formatDuration } from '../../config/duration.js'
import { FOREVER } from '../gate.js'

/** A run that has ended, by the server's clock: µs since 1970. */
export interface PastRunRecord {
  /** Of its claim. */
  id: string
  /** 0 is success. */
  exitCode: number
  host: string
  pid: number
  user: string
  command: string
  startedAt: number
  finishedAt: number
  /** The resource's version when it ended: whoever has a lower ticket was there by then. */
  at: number
  /** What a program's work has returned: JSON. */
  value?: unknown
  /** What a program's work has thrown. */
  message?: string
}

interface RunRecord {
  success?: PastRunRecord
  /** Told to those who waited for it, and of no consequence to others. */
  failure?: PastRunRecord
}

export function runsOf({ record }: Pick<Resource, 'record'>): RunRecord {
  return record === undefined ? {} : JSON.parse(record)
}

/** Whether a run has got into the record, and has not been followed by another of its kind. */
export function isRecorded(resource: Resource, id: string): boolean {
  return Object.values(runsOf(resource)).some(run => run.id === id)
}

/** The run that a claim with such a ticket takes over, where none begun longer ago than `perMs` counts. */
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

/** The record with one more run in it, and until when it is kept: a success for `keepMs`; a failure, only while it is waited for. */
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

/** `web-1 ran it at 2026-11-21 16:40:12 UTC (pid 4312), 3m ago, and it failed with 3`; `now`: µs, as the run's times. */
export function describeRun({ host, pid, startedAt, exitCode, message }: PastRunRecord, now: number): string {
  const at = dateOf(startedAt).toISOString().slice(0, 19).replace('T', ' ')
  const ago = formatDuration(Math.max(0, Math.floor((now - startedAt) / 1_000_000)) * 1000)
  const failed = message === undefined ? ` with ${exitCode}` : `: ${message}`
  return `${host} ran it at ${at} UTC (pid ${pid}), ${ago} ago${exitCode === 0 ? '' : `, and it failed${failed}`}`
}

export function dateOf(microseconds: number): Date {
  return new Date(microseconds / 1000)
}
