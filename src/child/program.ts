/** For rooms that run a small program (syslog's `logger`) and may not import node:child_process. */
export { spawn } from 'node:child_process'
