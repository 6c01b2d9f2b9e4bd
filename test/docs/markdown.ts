/** As much of Markdown as the documentation uses. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PROJECT = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', '.github/pull_request_template.md']

export const DOCUMENTS = [...PROJECT, ...pagesIn('docs')]

/** The Markdown files of a folder, without those of packages. */
export function pagesIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => join(folder, file))
  return files.filter(file => file.endsWith('.md') && !file.includes('node_modules')).sort()
}

export function textOf(document: string): string {
  return readFileSync(document, 'utf8')
}

/** The table whose first column has this heading, row by row, without heading and backticks. */
export function table(document: string, heading: string): string[][] {
  const lines = textOf(document).split('\n')
  const start = lines.findIndex(line => cells(line)[0] === heading)
  if (start === -1) throw new Error(`${document} has no table ${heading}`)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start + 2, end).map(cells)
}

function cells(line: string): string[] {
  if (!line.startsWith('|')) return []
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map(cell => cell.trim().replaceAll('`', ''))
}

/** The contents of the fenced blocks of a language. */
export function fenced(document: string, language: string): string[] {
  return [...textOf(document).matchAll(/^```(\S+)\n(.*?)^```$/gms)].flatMap(([, of, text = '']) =>
    of === language ? [text] : [],
  )
}

/** The lines of indented code blocks. */
export function indented(document: string): string[] {
  const withoutFences = textOf(document).replace(/^```.*?^```$/gms, '')
  return withoutFences.split('\n').flatMap(line => (line.startsWith('    ') ? [line.trim()] : []))
}

/** The targets of a document's links. */
export function links(document: string): string[] {
  return [...textOf(document).matchAll(/\]\(([^)]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map(
    ([, one, other]) => one ?? other ?? '',
  )
}

/** The anchors that headings make. */
export function anchors(document: string): string[] {
  const headings = textOf(document)
    .replace(/^```.*?^```$/gms, '')
    .matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
