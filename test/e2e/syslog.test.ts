/** What a run writes to syslog: failures always, all outcomes with audit, and the last line before sera ends. */

import { writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Rsyslog, startRsyslog, TRANSPORTS, type TransportKind } from '../log/rsyslog.js'
import { sera } from '../support/cli.js'
import { RUNTIMES } from '../support/runtimes.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'

const folder = await mkdtemp(join(tmpdir(), 'sera-syslog-'))
const [server] = sharedServers() as [SharedServer]
const syslog: Rsyslog = await startRsyslog()
test.after.always(() => syslog[Symbol.asyncDispose]())

function configFile(kind: TransportKind, audit: boolean): string {
  return join(folder, `${kind}-${audit}.json`)
}

for (const kind of TRANSPORTS) {
  for (const audit of [false, true]) {
    const config = { server: server.dsn(), audit, syslog: { address: syslog.address[kind] } }
    writeFileSync(configFile(kind, audit), JSON.stringify(config))
  }
}

for (const runtime of RUNTIMES) {
  for (const kind of TRANSPORTS) {
    const id = `${runtime.name}-${kind}`

    test(`${id}: each of twenty failures leaves a line`, async t => {
      const config = configFile(kind, false)
      for (let n = 0; n < 20; n += 5) {
        const runs = [0, 1, 2, 3, 4].map(k =>
          sera(runtime, ['--config', config, '5', `no-such-program-${id}-${n + k}`]),
        )
        for (const { code } of await Promise.all(runs)) t.is(code, 203)
      }
      const messages = await syslog.messages(20, new RegExp(`no-such-program-${id}-\\d+`))
      t.is(new Set(messages.map(({ text }) => /no-such-program-\S+-\d+/.exec(text)?.[0])).size, 20)
      t.like(messages[0], { severity: 'err', facility: 'user', tag: 'sera' })
    })

    test(`${id}: a success is logged with audit only, a time-out always`, async t => {
      const run = (audit: boolean, ...args: string[]) => sera(runtime, ['--config', configFile(kind, audit), ...args])
      await run(false, '5', 'true', `${id} unaudited`)
      await run(true, '5', 'true', `${id} audited`)
      await run(
        false,
        '--name',
        `${id} busy`,
        '5',
        runtime.program,
        '--config',
        configFile(kind, false),
        '--name',
        `${id} busy`,
        '0',
        'true',
        `${id} nested`,
      )
      const told = await syslog.messages(2, new RegExp(`${id} (un)?(audited|nested)`))
      const audited = told.find(({ text }) => text.includes('audited'))
      t.regex(
        audited?.text ?? '',
        new RegExp(
          `^outcome=ran lock=[0-9a-f]{32} exit=0 wait=5 waited=\\d\\.\\d ran=\\d+\\.\\d command="true ${id} audited"$`,
        ),
      )
      t.is(audited?.severity, 'info')
      t.regex(
        told.find(({ text }) => text.includes('nested'))?.text ?? '',
        /^outcome=conflict lock=[0-9a-f]{32} exit=208 .*reason="/,
      )
    })

    test(`${id}: lines name the kind, and with audit subcommands without a command are logged, too`, async t => {
      const run = (...args: string[]) => sera(runtime, ['--config', configFile(kind, true), ...args])
      await run('sem', `${id} sem`, '1', '5', 'true')
      await run('gate', 'close', `${id} gate`)
      await run('gate', 'wait', '--wait', '0', `${id} gate`)
      const told = await syslog.messages(3, new RegExp(`(semaphore|gate)/${id} `))
      for (const line of [
        `^outcome=ran lock="semaphore/${id} sem" exit=0 wait=5 waited=\\d+\\.\\d ran=\\d+\\.\\d token=\\d+ command=true$`,
        `^outcome=done lock="gate/${id} gate" exit=0 waited=\\d+\\.\\d$`,
        `^outcome=timed-out lock="gate/${id} gate" exit=204 wait=0 waited=\\d+\\.\\d$`,
      ]) {
        t.true(
          told.some(({ text }) => new RegExp(line).test(text)),
          `${line} in ${told.map(({ text }) => text).join('\n')}`,
        )
      }
    })
  }
}
