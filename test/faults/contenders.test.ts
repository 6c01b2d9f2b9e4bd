/** Fifty processes contend for one lock and some are killed: commands never overlap, and each survivor gets its turn. */
import { setTimeout as sleep } from 'node:timers/promises'
import { each } from '../support/each.js'
import { Journal, type JournalEntry } from '../support/journal.js'
import { kill } from '../support/processes.js'
import type { Bench, SeraProcess } from '../support/sera.js'
import { until } from '../support/until.js'

const CONTENDERS = 50
const SETTINGS = [[], ['--lease', '8s', '--grace', '1s'], ['--lease', '15s', '--grace', '500ms'], ['--grace', '3s']]
const KILLS = 12

interface RivalProcess {
  who: string
  sera: SeraProcess
  skips: boolean
  /** The exit code of its command. */
  own: number
  killed?: 'sera' | 'command'
}

each.serial(
  `${CONTENDERS} contenders, ${KILLS} kills: commands never overlap, each survivor runs`,
  async (t, bench) => {
    const journal = new Journal(bench.folder)
    const contenders = Array.from({ length: CONTENDERS }, (_, number) => contend(bench, journal, number))
    await until('the first command', () => journal.all('start').length > 0)
    for (let count = 0; count < KILLS; count++) {
      await sleep(Math.random() * 300)
      killOne(contenders, journal, count % 2 === 0)
    }
    const codes = await Promise.all(contenders.map(({ sera }) => sera.exited))

    t.deepEqual(journal.all('overlap'), [])
    const started = new Set(journal.all('start').map(({ who }) => who))
    for (const [number, { who, skips, own, killed }] of contenders.entries()) {
      const code = codes[number] ?? -1
      const what = `${who}: ${code}${killed ? `, its ${killed} was killed` : ''}`
      if (killed === 'sera') t.true([137, own, 205].includes(code), what)
      else if (killed === 'command') t.true([137, own].includes(code), what)
      else if (skips) t.true(code === 205 || (code === own && started.has(who)), what)
      else t.true(code === own && started.has(who), what)
    }
    const ended = journal.all('end').map(({ who }) => who)
    t.deepEqual([...new Set(ended)], ended, 'no contender runs twice')
  },
)

function contend(bench: Bench, journal: Journal, number: number): RivalProcess {
  const who = `no-${number}`
  const skips = number % 5 === 4
  const own = 10 + number
  const flags = skips ? ['--wait-and-skip', '--detailed-exit-codes'] : []
  const settings = SETTINGS[number % SETTINGS.length] ?? []
  // sleeps without the journal's descriptor: a command that is killed leaves its sleep behind
  const command = journal.command({ who, script: 'sleep 0.15 9>&-', exitCode: own })
  return { who, skips, own, sera: bench.sera([...settings, ...flags, '90', ...command]) }
}

/** kill -9 of the running command, or of a sera: its own or a waiting one. */
function killOne(contenders: RivalProcess[], journal: Journal, atCommand: boolean): void {
  const running = runningNow(journal)
  const holder = contenders.find(({ who }) => who === running?.who)
  const target = Math.random() < 0.5 ? holder : contenders[Math.floor(Math.random() * CONTENDERS)]
  if (atCommand && running && holder && !holder.killed) {
    holder.killed = 'command'
    kill([running.pid], 'SIGKILL')
  } else if (target?.sera.running && !target.killed) {
    target.killed = 'sera'
    target.sera.kill('SIGKILL')
  }
}

function runningNow(journal: Journal): JournalEntry | undefined {
  const last = journal.entries().at(-1)
  return last?.word === 'start' ? last : undefined
}
