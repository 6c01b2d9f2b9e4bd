/** winston-syslog 2.7 brings no types; this is what sera uses of it. */
declare module 'winston-syslog' {
  import Transport from 'winston-transport'

  interface SyslogOptions {
    protocol: 'unix'
    path: string
    /** The host name in the header. */
    localhost: string
    facility: string
    app_name: string
    pid: number
  }

  type Send = (message: Buffer, offset: number, length: number, path: string, done: (error?: Error) => void) => void

  export class Syslog extends Transport {
    constructor(options: SyslogOptions)
    /** Opened at the first message unless there is one. */
    socket: { send: Send } | null
  }
}
