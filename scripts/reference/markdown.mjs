/** Markdown out of values. */

/** A table; a column that is empty in every row is left out. */
export function table(headings, rows) {
  const used = headings.map((_, column) => rows.some(row => row[column]))
  const line = cells => `| ${cells.filter((_, column) => used[column]).join(' | ')} |`
  const rule = `|${headings
    .filter((_, column) => used[column])
    .map(() => '---')
    .join('|')}|`
  return [line(headings), rule, ...rows.map(row => line(row.map(cell => cell.replaceAll('|', '\\|'))))].join('\n')
}

/** Placeholders, flags and variables become code; a bare `<name>` would be a tag. */
export function inline(text) {
  return text
    .split(/(`[^`]*`)/)
    .map(part =>
      part.startsWith('`') ? part : part.replace(/<[^<>]+>|(?<![\w-])--[a-z][a-z-]*|\bSERA_[A-Z_]+/g, '`$&`'),
    )
    .join('')
}

/** Paragraphs of lines that are not longer than a reader's window. */
export function wrapped(text, width = 118) {
  return text
    .split('\n\n')
    .map(paragraph => {
      const lines = ['']
      for (const word of paragraph.split(/\s+/)) {
        const last = lines.at(-1)
        if (last === '') lines[lines.length - 1] = word
        else if (`${last} ${word}`.length <= width) lines[lines.length - 1] = `${last} ${word}`
        else lines.push(word)
      }
      return lines.join('\n')
    })
    .join('\n\n')
}
