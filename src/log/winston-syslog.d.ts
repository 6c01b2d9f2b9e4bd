/** winston-syslog 2.7 brings no types; this is what sera uses of it. */
declare module 'winston-syslog' {
  import Transport from 'winston-transport'
  import type { Severity } from './log.js'

  /** A line and what else a message is made of. */
  export interface Produced {
    severity: Severity
    message: string
    date: Date
  }

  interface SyslogOptions {
    protocol: 'unix'
    path: string
    customProducer: new () => { produce(line: Produced): string }
  }

  type Send = (message: Buffer, offset: number, length: number, path: string, done: (error?: Error) => void) => void

  export class Syslog extends Transport {
    constructor(options: SyslogOptions)
    /** Opened at the first message unless there is one. */
    socket: { send: Send } | null
  }
}
