/** The status page. While it is visible, it listens to the gateway and draws each status. */

import { byId, h } from './dom.js'
import { nameOf } from './format.js'
import { HistoryLoader, MOST_ENTRIES } from './history-loader.js'
import { emptyMessage, List, useArrowKeys } from './list.js'
import { matches, rowsOf, totalsOf } from './rows.js'
import { axis, type Moment, moveDrawings, RANGES } from './scale.js'
import type { Status } from './status.js'
import { listen } from './stream.js'
import { themeSwitch } from './theme.js'
import { nodesOf, ServerClock, tick } from './time.js'
import { Timeline } from './timeline.js'
import { Tools } from './tools.js'

const clock = new ServerClock()
const timeline = new Timeline()
const past = new HistoryLoader(timeline, () => draw())
const list = new List()
const tools = new Tools(() => {
  past.reach(RANGES[tools.range].ms)
  draw()
})
let status: Status | undefined
let drawnRange = ''

function receive(event: string, data: string): void {
  if (event === 'trouble') connection('trouble', (JSON.parse(data) as { reason: string }).reason)
  if (event !== 'status') return
  const next = JSON.parse(data) as Status
  clock.learn(Date.parse(next.at))
  status = next
  if (timeline.observe(next)) past.refresh()
  connection('live', 'live')
  draw()
}

function draw(): void {
  if (!status) return
  const { range } = tools
  const moment: Moment = {
    ...{ at: Date.parse(status.at), range },
    get now() {
      return clock.now()
    },
  }
  const all = rowsOf(status, timeline.intervals(moment.now - RANGES[range].ms))
  const { filter } = tools
  const rows = all.filter(row => matches(row, filter))
  if (range !== drawnRange) drawRange()
  list.show(rows, moment)
  tools.offerKinds(all.map(({ resource }) => resource.kind))
  showNothing(rows.length === 0, all.length > 0, filter.text)
  showTotals(status, moment)
}

function drawRange(): void {
  drawnRange = tools.range
  byId('axis').replaceChildren(...axis(tools.range))
  byId('main').dataset.range = tools.range
}

function showNothing(isEmpty: boolean, isFiltered: boolean, text: string): void {
  const section = byId('nothing')
  section.hidden = !isEmpty
  section.replaceChildren(...(isEmpty ? emptyMessage(isFiltered, text) : []))
}

function showTotals(status: Status, { at, now }: Moment): void {
  const { held, waiting, longest } = totalsOf(status)
  byId('held').textContent = String(held)
  byId('waiting').textContent = String(waiting)
  const wait = longest ? nodesOf([{ since: at - longest.ms }], now) : ['–']
  byId('longest').replaceChildren(
    ...wait,
    h('small', {}, longest ? ` ${longest.resource.kind} ${nameOf(longest.resource)}` : ''),
  )
  byId('server').textContent = status.server
  const cut = past.isCut ? [`Only the newest ${MOST_ENTRIES} runs are drawn.`] : []
  byId('notes').replaceChildren(...[...cut, ...status.unseen].map(note => h('li', {}, note)))
  document.title = held + waiting === 0 ? 'sera' : `${held} held, ${waiting} waiting · sera`
}

function connection(state: 'live' | 'lost' | 'trouble' | 'connecting', text: string): void {
  const element = byId('connection')
  document.body.dataset.connection = state
  element.dataset.state = state
  const shown = state === 'lost' ? `connection lost: ${text}; reconnecting` : text
  if (element.textContent !== shown) element.textContent = shown
}

/** Listens while the page is visible. A hidden page sends no requests. */
let listening: AbortController | undefined
let timer: ReturnType<typeof setInterval> | undefined

function listenWhileVisible(): void {
  if (document.hidden) {
    listening?.abort()
    clearInterval(timer)
    listening = undefined
    return
  }
  if (listening) return
  listening = new AbortController()
  clock.forget()
  connection('connecting', 'connecting')
  past.begin(RANGES[tools.range].ms, listening.signal)
  void listen('/v1/watch', { event: receive, lost: reason => connection('lost', reason) }, listening.signal)
  timer = setInterval(() => {
    // without a connection the page knows no new times: it stops counting
    if (document.body.dataset.connection !== 'live') return
    const now = clock.now()
    tick(now)
    moveDrawings(now, tools.range)
  }, 1000)
}

themeSwitch()
useArrowKeys()
document.addEventListener('visibilitychange', listenWhileVisible)
window.addEventListener('pageshow', listenWhileVisible)
listenWhileVisible()
