/** The door for the rooms that need a small program (syslog's `logger`) and may not start processes themselves. */
export { spawn } from 'node:child_process'
