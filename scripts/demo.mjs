/**
 * Records docs/images/demo.svg (npm run demo): two terminals on two hosts, typed into and watched while sera really runs.
 *
 * 1. Each terminal is a tmux session with a host name of its own (unshare --uts, which needs root). Both use one
 *    embedded server, by its socket.
 * 2. Every 100 ms the script reads both screens. A line that stays the same becomes one text of the SVG, with the time when
 *    it appears and the time when it disappears.
 * 3. The SVG repeats for ever. Where nothing moves (a printed page), it shows the last screen.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const FILE = 'docs/images/demo.svg'
const HOSTS = ['web-1', 'web-2']
const COLUMNS = 98
const ROWS = 9
const PAUSE_AT_END = 4

process.chdir(join(import.meta.dirname, '..'))
const folder = mkdtempSync(join(tmpdir(), 'sera-demo-'))
const socket = join(folder, 'tmux')
const screens = HOSTS.map(() => [])
const environment = {
  ...process.env,
  PATH: `${join(process.cwd(), 'bin')}:${process.env.PATH}`,
  SERA_ENGINE: 'lease', // MariaDB does not tell the host of a GET_LOCK
  SERA_SERVER: `root@unix(${join(folder, 'sera/embedded/sera.sock')})/sera`,
  TERM: 'xterm-256color',
  XDG_STATE_HOME: folder,
}
delete environment.CI // sera shows no progress there
let start
try {
  prepare()
  start = performance.now()
  const watching = watch()
  await play()
  watching.stop()
  await watching.done
  writeFileSync(FILE, svg((performance.now() - start) / 1000 + PAUSE_AT_END))
} finally {
  tmux('kill-server')
  sera('embedded', 'stop', '--force')
  rmSync(folder, { recursive: true, force: true })
}

/** What is typed, and when. */
async function play() {
  await sleep(700)
  type(0, 'sera 90 ./restart.sh')
  await sleep(1200)
  type(1, 'sera 90 ./restart.sh')
  await sleep(8500)
  type(0, 'sera once migrate-42 10m ./migrate.sh')
  await sleep(1200)
  type(1, 'sera once migrate-42 10m ./migrate.sh')
  await sleep(7000)
}

function prepare() {
  writeFileSync(join(folder, 'restart.sh'), '#!/bin/sh\necho "stopping the app"; sleep 3; echo "the app is up"\n', {
    mode: 0o755,
  })
  writeFileSync(join(folder, 'migrate.sh'), '#!/bin/sh\necho "adding orders.paid"; sleep 4; echo "migrated"\n', {
    mode: 0o755,
  })
  sera('embedded', 'start')
  for (const host of HOSTS) {
    const shell = `hostname ${host}; cd ${folder}; PS1='${host}$ ' exec bash --norc --noprofile`
    const size = ['-x', String(COLUMNS), '-y', String(ROWS)]
    tmux('new-session', '-d', '-s', host, ...size, 'unshare', '--uts', 'sh', '-c', shell)
  }
}

function type(terminal, text) {
  tmux('send-keys', '-t', HOSTS[terminal], '-l', text)
  tmux('send-keys', '-t', HOSTS[terminal], 'Enter')
}

function tmux(...words) {
  return execFileSync('tmux', ['-S', socket, ...words], { encoding: 'utf8', env: environment })
}

function sera(...words) {
  execFileSync('sera', words, { env: environment, stdio: 'inherit' })
}

function watch() {
  let going = true
  const done = (async () => {
    while (going) {
      const at = (performance.now() - start) / 1000
      for (const [index, host] of HOSTS.entries()) screens[index].push({ at, lines: screenOf(host) })
      await sleep(100)
    }
  })()
  return {
    done,
    stop: () => {
      going = false
    },
  }
}

function screenOf(host) {
  const lines = tmux('capture-pane', '-p', '-t', host).split('\n').slice(0, ROWS)
  return Array.from({ length: ROWS }, (_, row) => (lines[row] ?? '').trimEnd())
}

/** Texts of one row, each with the time from which it stands there and the time until which it does. */
function spans(frames, row, end) {
  const found = []
  for (const { at, lines } of frames) {
    const last = found.at(-1)
    if (last?.text === lines[row]) continue
    if (last) last.to = at
    found.push({ text: lines[row], from: found.length === 0 ? 0 : at, to: end })
  }
  return found.filter(({ text }) => text !== '')
}

function svg(end) {
  const [width, line, top] = [COLUMNS * 7.85 + 28, 17, 44]
  const height = top + ROWS * line + 12
  const terminals = HOSTS.map((host, index) => {
    const texts = Array.from({ length: ROWS }, (_, row) =>
      spans(screens[index], row, end).map(span => textOf(span, top + row * line, end)),
    ).flat(2)
    const bar = `<rect width="${width}" height="28" rx="8" fill="#30363d"/><text x="14" y="19" class="bar">${host}</text>`
    const box = `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`
    return `<g transform="translate(0 ${index * (height + 14)})">${box}${bar}${texts.join('\n')}</g>`
  })
  const style = 'text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}.bar{fill:#9da7b3}'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height * 2 + 14}" role="img">`,
    '<title>sera on two hosts: web-2 waits for web-1, and a migration runs once</title>',
    `<style>${style}</style>`,
    ...terminals,
    '</svg>\n',
  ].join('\n')
}

function textOf({ text, from, to }, y, end) {
  const shown = text.replace(/[&<>]/g, sign => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign])
  const prompt = shown.replace(/^(web-\d\$ )/, '<tspan fill="#7ee787">$1</tspan>')
  const times = [0, from / end, to / end].map(time => Math.min(time, 1).toFixed(4)).join(';')
  const visible = to >= end
  const animate =
    from === 0 && visible
      ? ''
      : `<animate attributeName="visibility" values="hidden;visible;${visible ? 'visible' : 'hidden'}" keyTimes="${times}" dur="${end.toFixed(1)}s" calcMode="discrete" repeatCount="indefinite"/>`
  return `<text x="14" y="${y}" visibility="${visible ? 'visible' : 'hidden'}">${prompt}${animate}</text>`
}
