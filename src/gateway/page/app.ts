/** The status page: listens to the gateway while somebody looks at it, and draws what it hears. */

import { byId, h } from './dom.js'
import { nameOf } from './format.js'
import { HistoryLoader, MOST_ENTRIES } from './history-loader.js'
import { List, moveKeys, nothing } from './list.js'
import { isWished, rowsOf, totalsOf } from './rows.js'
import { axis, type Moment, moveOn, RANGES } from './scale.js'
import type { Status } from './status.js'
import { listen } from './stream.js'
import { themeSwitch } from './theme.js'
import { ServerClock, said, tick } from './time.js'
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

function see(event: string, data: string): void {
  if (event === 'trouble') connection('trouble', (JSON.parse(data) as { reason: string }).reason)
  if (event !== 'status') return
  const next = JSON.parse(data) as Status
  clock.learn(Date.parse(next.at))
  status = next
  if (timeline.see(next)) past.refresh()
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
  const { wish } = tools
  const rows = all.filter(row => isWished(row, wish))
  if (range !== drawnRange) drawRange()
  list.show(rows, moment)
  tools.offer(all.map(({ resource }) => resource.kind))
  showNothing(rows.length === 0, all.length > 0, wish.text)
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
  section.replaceChildren(...(isEmpty ? nothing(isFiltered, text) : []))
}

function showTotals(status: Status, { at, now }: Moment): void {
  const { held, waiting, longest } = totalsOf(status)
  byId('held').textContent = String(held)
  byId('waiting').textContent = String(waiting)
  const wait = longest ? said([{ since: at - longest.ms }], now) : ['–']
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
  const said = state === 'lost' ? `connection lost: ${text}; trying again` : text
  if (element.textContent !== said) element.textContent = said
}

/** Only while somebody looks: a hidden page asks nothing. */
let looking: AbortController | undefined
let ticking: ReturnType<typeof setInterval> | undefined

function look(): void {
  if (document.hidden) {
    looking?.abort()
    clearInterval(ticking)
    looking = undefined
    return
  }
  if (looking) return
  looking = new AbortController()
  clock.forget()
  connection('connecting', 'connecting')
  past.begin(RANGES[tools.range].ms, looking.signal)
  void listen('/v1/watch', { event: see, lost: reason => connection('lost', reason) }, looking.signal)
  ticking = setInterval(() => {
    // what is not known goes on for nobody
    if (document.body.dataset.connection !== 'live') return
    const now = clock.now()
    tick(now)
    moveOn(now, tools.range)
  }, 1000)
}

themeSwitch()
moveKeys()
document.addEventListener('visibilitychange', look)
window.addEventListener('pageshow', look)
look()
