/**
 * Checks that two commands never run at once. The command of a test takes a kernel lock (flock) on a local file, and
 * writes a line at its start and its end; a command that finds the file locked writes `overlap` instead. The kernel
 * frees that lock when the last process with the file open has ended. So this check needs no server and no clock, and
 * works for killed commands, which write no end.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './until.js'

export interface JournalEntry {
  word: 'start' | 'end' | 'overlap' | 'term'
  pid: number
  /** The name given to `command`. */
  who: string
  /** Milliseconds of the wall clock. */
  at: number
}

export interface Work {
  /** Name in the journal. */
  who: string
  /** Shell words to run when the command runs alone; `note WORD` writes a line. */
  script: string
  exitCode?: number
}

/** Descriptor 9 holds the lock: a program that closes it (`sleep 1 9>&-`) is not checked. */
const CHECKED = `
journal=$1 who=$2 code=$3
note() { echo "$1 $$ $who $(date +%s%3N)" >>"$journal"; }
exec 9>>"$journal.turn"
flock -n 9 || { note overlap; exit 99; }
note start
`

export class Journal {
  readonly path: string

  constructor(folder: string) {
    this.path = join(folder, 'journal')
    writeFileSync(this.path, '')
  }

  /** The command: `sh -c …`, checked. */
  command({ who, script, exitCode = 0 }: Work): string[] {
    return ['sh', '-c', `${CHECKED}\n${script}\nnote end\nexit "$code"`, 'work', this.path, who, String(exitCode)]
  }

  entries(): JournalEntry[] {
    const lines = readFileSync(this.path, 'utf8').split('\n').slice(0, -1)
    return lines.map(line => {
      const [word, pid, who = '', at] = line.split(' ')
      return { word: word as JournalEntry['word'], pid: Number(pid), who, at: Number(at) }
    })
  }

  all(word: JournalEntry['word']): JournalEntry[] {
    return this.entries().filter(entry => entry.word === word)
  }

  /** Waits for the line. */
  seen(word: JournalEntry['word'], who: string, withinMs = 30_000): Promise<JournalEntry> {
    const find = () => this.all(word).find(entry => entry.who === who)
    return until(`${word} of ${who}`, find, { withinMs })
  }
}
