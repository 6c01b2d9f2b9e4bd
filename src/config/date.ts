/** Reads dates. */

const DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?)?(Z|[+-]\d{2}:\d{2})?$/

/**
 * Reads `2026-11-21`, `2026-11-21T16:40`, `2026-11-21 16:40:12`, in UTC unless the text has a zone. Undefined for
 * anything else, also for 30 February.
 */
export function parseDate(text: string): Date | undefined {
  const [matched, day = '', time = '00:00', seconds = ':00', zone = 'Z'] = DATE.exec(text) ?? []
  if (matched === undefined || !isDay(day)) return undefined
  const date = new Date(`${day}T${time}${seconds}${zone}`)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** `Date` takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
