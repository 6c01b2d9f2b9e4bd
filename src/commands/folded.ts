/** Text in lines that are shorter than `width`, each behind `indent`. A word that is longer stays whole. */
export function folded(text: string, width: number, indent = ''): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string
    if (line !== '' && indent.length + line.length + 1 + word.length >= width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map(line => `${indent}${line}\n`).join('')
}
