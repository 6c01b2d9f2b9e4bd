/**
 * The site made of docs/, README, CONTRIBUTING and CHANGELOG: `npm run docs` writes it to build/site.
 *
 * 1. The pages are also read as plain Markdown, so their links are relative paths in the repository. This file turns
 *    each one into a path of the site. A link to a file that does not exist ends the build, and VitePress ends it for a
 *    page that is not part of the site.
 * 2. A link to another file (a unit, a schema) leads to a copy of that file in the site.
 * 3. Anchors are made as on common forges, so that one link works in both places.
 * 4. The site asks no other host for anything: search, fonts and icons are part of it.
 */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const copied = new Set()

/** Where a Markdown file of the repository stands in the site. */
function placeOf(path) {
  return path.replace(/^docs\//, '').replace(/\.md$/, '').replace(/(^|\/)index$/, '$1')
}

/** The Markdown file of a page, from its place in the site. */
function sourceOf(page) {
  return existsSync(join(ROOT, 'docs', page)) ? join('docs', page) : page
}

/** @throws Error when the file does not exist */
function siteLink(href, file) {
  const [path, anchor] = href.split('#')
  const target = join(dirname(file), path)
  if (!existsSync(join(ROOT, target))) throw new Error(`${file}: dead link ${href}`)
  if (target.endsWith('.md')) return { href: `/${placeOf(target)}${anchor === undefined ? '' : `#${anchor}`}` }
  copied.add(target)
  return { href: `/${target}`, target: '_self' } // with a target, VitePress does not take it for a page
}

function relativeLinks(md) {
  md.core.ruler.push('relative-links', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : undefined
      if (!href || /^(#|\/|[a-z]+:)/.test(href)) continue
      const attributes = siteLink(href, sourceOf(env.relativePath))
      for (const [name, value] of Object.entries(attributes)) token.attrSet(name, value)
    }
  })
}

/** VitePress styles fenced code only. Without it, long lines of indented code make a page wider than a phone. */
function indentedCode(md) {
  md.renderer.rules.code_block = (tokens, index, ...rest) => {
    tokens[index].info = 'text'
    return md.renderer.rules.fence(tokens, index, ...rest)
  }
}

function titleOf(page) {
  return /^# (.*)$/m.exec(readFileSync(join(ROOT, 'docs', `${page}.md`), 'utf8'))?.[1].replaceAll('`', '')
}

function itemOf(page) {
  return { text: titleOf(page), link: `/${page.replace(/(^|\/)index$/, '$1')}` }
}

function section(text, pages) {
  return { text, collapsed: text === 'Decisions' || undefined, items: pages.map(itemOf) }
}

/** The pages of a folder: first those that are named, then all others, so that none is missing. */
function within(folder, named, skipped = '') {
  const first = named.split(' ')
  const pages = readdirSync(join(ROOT, 'docs', folder)).filter(file => file.endsWith('.md'))
  const others = pages.map(file => file.replace(/\.md$/, '')).filter(page => !first.includes(page))
  const shown = [...first, ...others.toSorted()].filter(page => skipped === '' || !page.startsWith(skipped))
  return shown.map(page => `${folder}/${page}`)
}

const COMING = 'from-go-sera from-distributex from-syncnet from-dissem from-zksync'

export default {
  title: 'sera',
  description: "Run a command on a cluster only when it is that command's turn.",
  srcDir: '..',
  srcExclude: ['**/node_modules/**', 'build/**', 'dist/**', 'src/**', 'test/**', 'bench/**', 'scripts/**', 'packaging/**'],
  rewrites: path => path.replace(/^docs\//, ''),
  outDir: '../build/site',
  cacheDir: '../build/site-cache',
  cleanUrls: true,
  markdown: {
    config: md => void [relativeLinks, indentedCode].forEach(plugin => md.use(plugin)),
    anchor: {
      slugify: heading =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
    },
  },
  buildEnd({ outDir }) {
    for (const path of copied) cpSync(join(ROOT, path), join(outDir, path))
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorial', link: '/tutorial/first-lock' },
      { text: 'How-to', link: '/how-to/install' },
      { text: 'Reference', link: '/reference/commands/' },
      { text: 'Explanation', link: '/explanation/how-it-works' },
    ],
    sidebar: [
      section('Tutorial', within('tutorial', 'first-lock first-gateway')),
      section('How-to', within('how-to', 'install upgrade cron systemd deploys-and-migrations run-once kubernetes', 'from-')),
      section('Coming from', COMING.split(' ').map(page => `how-to/${page}`)),
      section('Commands', within('reference/commands', 'index sera')),
      section('Reference', within('reference', 'exit-codes flags settings dsn lock-names')),
      section('Explanation', within('explanation', 'how-it-works guarantees failures lock-tables choosing-an-engine')),
      section('Decisions', within('decisions', '0001-get-lock-and-leases')),
      { text: 'Project', items: [
        { text: 'README', link: '/README' },
        { text: 'Contributing', link: '/CONTRIBUTING' },
        { text: 'Changes', link: '/CHANGELOG' },
      ] },
    ],
  },
}
