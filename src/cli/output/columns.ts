/** Formats a table for a terminal. */
import { cut, filled, harmless, widthOf } from './width.js'

export interface Column<Row> {
  head: string
  of(row: Row): string
  /** Aligned to the right. */
  isNumber?: boolean
  /** The maximum width, if the width of lines is limited. */
  most?: number
}

/** A line of heads and one line for each row, cut to `width` (Infinity: not cut), without control characters. */
export function inColumns<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string {
  const cells = columns.map(({ head, of, most = Infinity, isNumber }) => {
    const texts = [head, ...rows.map(row => harmless(of(row)))].map(text =>
      cut(text, width === Infinity ? width : most),
    )
    const widest = Math.min(most, Math.max(...texts.map(widthOf)))
    return texts.map(text => (isNumber ? text.padStart(widest) : widthOf(text) < widest ? filled(text, widest) : text))
  })
  const lines = [...rows.keys(), rows.length].map(at => cells.map(column => column[at]).join('  '))
  return lines.map(line => `${cut(line.trimEnd(), width)}\n`).join('')
}
