/** Writes the log of the gateway: to stdout in the chosen format, and failed requests to syslog (`audit`: all). */
import { LineOutput } from '../../cli/output/line-output.js'
import type { GatewayLog, LogEntry } from '../../gateway/log/entry.js'
import { formatter, type LogFormat } from '../../gateway/log/format.js'
import type { Fields } from '../../log/log.js'
import type { RunContext } from '../../run/context.js'

const STDOUT = 1

interface ServeLog extends GatewayLog {
  close(): void
}

/** With `--quiet` it writes nothing to stdout. */
export function openServeLog({ options, settings, messages, host }: RunContext, format: LogFormat): ServeLog {
  const line = formatter(format)
  const formatted = (entry: LogEntry) => line(entry, new Date(host.clock.wall()))
  const output = new LineOutput(STDOUT, lines => formatted({ kind: 'dropped', lines }), host.clock)
  return {
    write(entry) {
      const text = options.quiet ? undefined : formatted(entry)
      if (text !== undefined) output.write(text)
      if (entry.kind !== 'access') return
      if (entry.error !== undefined) messages.log('warning', fieldsOf(entry))
      else if (settings.audit) messages.log('info', fieldsOf(entry))
    },
    close: () => output.close(),
  }
}

function fieldsOf({ client, method, target, status, ms, error }: LogEntry & { kind: 'access' }): Fields {
  return { request: `${method} ${target}`, client, status, ms, error }
}
