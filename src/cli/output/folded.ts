/** Breaks long text into lines. */
import { widthOf } from './width.js'

/** Lines of at most `width` columns. A wider word stays whole. */
export function linesOf(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** A block of indented lines that leaves the last column free. */
export function folded(text: string, width: number, indent = ''): string {
  return linesOf(text, width - 1 - indent.length)
    .map(line => `${indent}${line}\n`)
    .join('')
}
