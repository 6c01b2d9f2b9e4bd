/** What long runs print. */
import type { HarnessReport } from '../faults/tables/harness/harness.js'

export function row(title: string, report: HarnessReport, tookMs?: number): string {
  const { grants, overlaps, outOfOrder, lateWrites, lostUpdates, lostWrites, writes, tally } = report
  const time = tookMs === undefined ? '' : `, ${Math.round(tookMs / 1000)} s`
  const noted = Object.entries(tally).map(([word, times]) => `${word} ${times}`)
  return (
    `${title}: ${grants} grants, ${overlaps.length} overlaps, ${outOfOrder.length} tokens out of order, ` +
    `${lateWrites.length} late writes, ${lostUpdates + lostWrites} lost updates of ${writes + grants}${time}\n` +
    `  (${noted.join('; ')})`
  )
}

export function sum(reports: readonly HarnessReport[]): HarnessReport {
  const all = <T>(of: (report: HarnessReport) => T[]): T[] => reports.flatMap(of)
  const total = (of: (report: HarnessReport) => number) => reports.reduce((sofar, report) => sofar + of(report), 0)
  const tally: Record<string, number> = {}
  for (const [word, times] of all(report => Object.entries(report.tally))) tally[word] = (tally[word] ?? 0) + times
  return {
    grants: total(({ grants }) => grants),
    overlaps: all(({ overlaps }) => overlaps),
    outOfOrder: all(({ outOfOrder }) => outOfOrder),
    lateWrites: all(({ lateWrites }) => lateWrites),
    lostUpdates: total(({ lostUpdates }) => lostUpdates),
    lostWrites: total(({ lostWrites }) => lostWrites),
    writes: total(({ writes }) => writes),
    tally,
  }
}
