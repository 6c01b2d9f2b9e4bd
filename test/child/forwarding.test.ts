import test from 'ava'
import { type Recipient, recipientOf, type Situation } from '../../src/child/forwarding.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

const state = { alive: true, start: 0, parent: 1, group: 10, session: 10, terminal: true, foreground: true }

function recipients(situation: Situation): Record<string, Recipient> {
  return Object.fromEntries(SIGNALS.map(signal => [signal.slice(3), recipientOf(signal, situation)]))
}

test('without a terminal INT, TERM and QUIT go to the group', t => {
  t.deepEqual(recipients({ ownGroup: true, self: { ...state, terminal: false, foreground: false }, pid: 20 }), {
    INT: 'group',
    TERM: 'group',
    HUP: 'command',
    QUIT: 'group',
    USR1: 'command',
    USR2: 'command',
  })
})

test('in a terminal’s foreground INT and QUIT are not forwarded', t => {
  t.deepEqual(recipients({ ownGroup: false, self: state, pid: 20 }), {
    INT: 'none',
    TERM: 'command',
    HUP: 'command',
    QUIT: 'none',
    USR1: 'command',
    USR2: 'command',
  })
})

test('in a terminal’s background every signal goes to the command', t => {
  const all = recipients({ ownGroup: false, self: { ...state, foreground: false }, pid: 20 })
  t.deepEqual([...new Set(Object.values(all))], ['command'])
})

test('a hang-up is forwarded only if sera leads the session', t => {
  const hungUp = { ...state, terminal: false, foreground: false }
  t.is(recipientOf('SIGHUP', { ownGroup: false, self: hungUp, pid: 20 }), 'none')
  t.is(recipientOf('SIGHUP', { ownGroup: false, self: hungUp, pid: 10 }), 'command')
})

test('without /proc every signal is forwarded', t => {
  t.is(recipientOf('SIGINT', { ownGroup: false, self: undefined, pid: 20 }), 'command')
})
