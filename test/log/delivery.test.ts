import { hostname } from 'node:os'
import test from 'ava'
import { startRsyslog, TRANSPORTS } from './rsyslog.js'
import { buildSpeaker, RUNTIMES } from './speaker.js'

const PROCESSES = 30

const rsyslog = await startRsyslog()
const speak = await buildSpeaker('delivery')
test.after.always(() => rsyslog[Symbol.asyncDispose]())

for (const runtime of RUNTIMES) {
  for (const transport of TRANSPORTS) {
    const address = rsyslog.address[transport]

    test.serial(
      `${runtime}, ${transport}: each of ${PROCESSES} short-lived processes delivers its only line`,
      async t => {
        const text = `short-lived-${runtime}-${transport}`
        const one = () => speak(runtime, { address, text })
        const spoken = await Promise.all(lanes(3, PROCESSES, one))
        const pids = spoken.flat().map(({ pid }) => pid)
        const messages = await rsyslog.messages(PROCESSES, new RegExp(`text=${text}$`))
        t.deepEqual(messages.map(({ pid }) => pid).sort(), pids.sort())
      },
    )

    test.serial(`${runtime}, ${transport}: header and severity follow the syslog format`, async t => {
      const text = `header-${runtime}-${transport}`
      const spoken = []
      for (const severity of ['error', 'warning', 'notice', 'info']) {
        spoken.push(await speak(runtime, { address, severity, text, env: { SPEAKER_FACILITY: 'authpriv' } }))
      }
      const messages = await rsyslog.messages(4, new RegExp(text))
      t.deepEqual(messages.map(({ severity }) => severity).sort(), ['err', 'info', 'notice', 'warning'])
      t.deepEqual(messages.map(({ pid }) => pid).sort(), spoken.map(({ pid }) => pid).sort())
      for (const { facility, tag, host } of messages)
        t.deepEqual({ facility, tag, host }, { facility: 'authpriv', tag: 'sera', host: hostname() })
      for (const { output, exitCode } of spoken) t.deepEqual({ output, exitCode }, { output: '', exitCode: 7 })
    })

    test.serial(
      `${runtime}, ${transport}: many lines arrive completely and in order, and the process ends`,
      async t => {
        const text = `burst-${runtime}-${transport}`
        const { exitCode } = await speak(runtime, {
          address,
          text,
          env: { SPEAKER_LINES: '100', SPEAKER_LINGERS: '1' },
        })
        const messages = await rsyslog.messages(100, new RegExp(text))
        t.deepEqual(
          messages.map(({ text }) => text),
          Array.from({ length: 100 }, (_, line) => `line=${line + 1} text=${text}`),
        )
        t.is(exitCode, 7)
      },
    )

    test.serial(
      `${runtime}, ${transport}: a long line with special characters arrives unchanged, as one line`,
      async t => {
        const text = `forged-${runtime}-${transport} ü\n<13>Nov 21 09:25:00 other[1]: "x"\u0085\u2028${'long '.repeat(400)}`
        await speak(runtime, { address, text })
        const [message] = await rsyslog.messages(1, new RegExp(`forged-${runtime}-${transport}`))
        t.regex(
          message?.text ?? '',
          /^line=1 text="forged-\S+ ü\\n<13>Nov 21 09:25:00 other\[1\]: \\"x\\"\\u0085\\u2028long .*…"$/,
        )
        t.is(message?.tag, 'sera')
      },
    )
  }
}

/** `count` runs of the work, `width` at a time. */
function lanes<T>(width: number, count: number, work: () => Promise<T>): Promise<T[]>[] {
  let left = count
  return Array.from({ length: width }, async () => {
    const done: T[] = []
    while (left-- > 0) done.push(await work())
    return done
  })
}
