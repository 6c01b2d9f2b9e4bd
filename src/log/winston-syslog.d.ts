/** winston-syslog 2.7 has no types. These are the parts that sera uses. */
declare module 'winston-syslog' {
  import Transport from 'winston-transport'
  import type { Severity } from './log.js'

  /** A line and the other parts of a message. */
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
    /** If null, winston-syslog opens a socket at the first message. */
    socket: { send: Send } | null
  }
}
