/** A table of text for a terminal. */

export interface Column<Row> {
  head: string
  of(row: Row): string
  /** Stands at the right. */
  isNumber?: boolean
  /** Characters that it may take, where the width of lines is limited. */
  most?: number
}

/** A line of heads, then one a row, cut to `width`; Infinity: nothing is cut. Nothing in them moves the cursor. */
export function inColumns<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string {
  const cells = columns.map(({ head, of, most = Infinity, isNumber }) => {
    const texts = [head, ...rows.map(row => printable(of(row)))].map(text =>
      cut(text, width === Infinity ? width : most),
    )
    const widest = Math.max(...texts.map(lengthOf))
    return texts.map(text => (isNumber ? text.padStart(widest) : padded(text, widest)))
  })
  const lines = [...rows.keys(), rows.length].map(at => cells.map(column => column[at]).join('  '))
  return lines.map(line => `${cut(line.trimEnd(), width)}\n`).join('')
}

export function cut(text: string, most: number): string {
  return lengthOf(text) <= most ? text : `${[...text].slice(0, Math.max(0, most - 1)).join('')}…`
}

function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - lengthOf(text))
}

function lengthOf(text: string): number {
  return [...text].length
}
