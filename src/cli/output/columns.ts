/** A table of text for a terminal. */
import { cut, filled, harmless, widthOf } from './width.js'

export interface Column<Row> {
  head: string
  of(row: Row): string
  /** Stands at the right. */
  isNumber?: boolean
  /** How wide it may be, where the width of lines is limited. */
  most?: number
}

/** A line of heads, then one a row, cut to `width`; Infinity: nothing is cut. Nothing in them moves the cursor. */
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
