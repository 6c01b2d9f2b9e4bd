/** Text for man(7). Each function returns whole lines. */

export interface Footer {
  /** `2026-11-28`; empty: none is printed. */
  date: string
  version: string
}

/** Plain text as it has to stand in the middle of a line. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('…', '\\&...')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
}

export const bold = (text: string) => `\\fB${escaped(text)}\\fR`
export const italic = (text: string) => `\\fI${escaped(text)}\\fR`

/** A line of text. A point at its beginning would make it a request. */
function line(text: string): string {
  return `${text.startsWith('.') ? '\\&' : ''}${text}\n`
}

export function title(name: string, section: number, { date, version }: Footer): string {
  return `.TH ${name.toUpperCase()} ${section} "${date}" "sera ${version}" "sera manual"\n`
}

export const heading = (text: string) => `.SH ${text.toUpperCase()}\n`

/** Paragraphs with an empty line between them. Flags and subcommands in them are bold. */
export function paragraphs(text: string): string {
  return text
    .split('\n\n')
    .map(paragraph => `.PP\n${line(marked(paragraph))}`)
    .join('')
}

/** A term, and below it what it means. */
export function term(name: string, ...texts: readonly string[]): string {
  const [first = '', ...others] = texts.filter(Boolean)
  return `.TP\n${line(name)}${line(marked(first))}${others.map(text => `.br\n${line(marked(text))}`).join('')}`
}

/** Lines that stand as they are, in bold. */
export function example(lines: readonly string[]): string {
  return `.PP\n.nf\n.RS\n${lines.map(text => line(bold(text))).join('')}.RE\n.fi\n`
}

/** `sera-rwlock(1)` */
export const reference = (name: string, section: number) => `${bold(name)}(${section})`

/** Escaped text with its flags, exit codes of 200 and more, and variables in bold, and `<words>` in italics. */
export function marked(text: string): string {
  return text
    .split(/(<[a-z]+>|(?<![\w-])--[a-z][a-z-]*|\bSERA_[A-Z_]+\b|\/etc\/sera\.json\b)/)
    .map((part, at) => {
      if (at % 2 === 0) return escaped(part)
      return part.startsWith('<') ? italic(part.slice(1, -1)) : bold(part)
    })
    .join('')
}

/** A usage line: words in bold, `<names>` and NAMES in italics, brackets plain. */
export function usage(text: string): string {
  return text
    .split(/(<[^>]+>|\b[A-Z][A-Z,=…]*\b|[[\]|]+| )/)
    .map(part => {
      if (/^[[\]| ]+$/.test(part) || part === '') return escaped(part)
      return /^<|^[A-Z]+$/.test(part) ? italic(part.replace(/^<|>$/g, '')) : bold(part)
    })
    .join('')
}
