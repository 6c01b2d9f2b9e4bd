/** Figures for people: quantiles and tables in Markdown. */

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

export function ms(value) {
  return Number.isNaN(value) ? '-' : value.toFixed(1)
}

export function megabytes(kilobytes) {
  return (kilobytes / 1024).toFixed(1)
}

export function print(title, rows) {
  const columns = Object.keys(rows[0] ?? {})
  const width = Object.fromEntries(
    columns.map(column => [column, Math.max(column.length, ...rows.map(row => String(row[column]).length))]),
  )
  const line = cells => `| ${cells.join(' | ')} |`
  const cell = (row, column, i) => String(row[column])[i === 0 ? 'padEnd' : 'padStart'](width[column])
  console.log(`\n### ${title}\n`)
  console.log(line(columns.map(column => column.padEnd(width[column]))))
  console.log(line(columns.map((column, i) => '-'.repeat(width[column] - (i ? 1 : 0)) + (i ? ':' : ''))))
  for (const row of rows) console.log(line(columns.map((column, i) => cell(row, column, i))))
}
