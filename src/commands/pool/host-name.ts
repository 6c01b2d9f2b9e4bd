/** The host's full name, from DNS or /etc/hosts: what Distributex' client calls itself, and allow-lists name. */
import { lookup, lookupService } from 'node:dns/promises'
import { hostname } from 'node:os'
import { type Clock, sleep } from '../../clock.js'

/** A name server that is down must not hold a command up. */
const LIMIT_MS = 2000

/** `web-1.example.org`; the short name where there is no other, or it can't be asked for. */
export async function fullHostName(clock: Clock): Promise<string> {
  const name = hostname()
  return await Promise.race([fullNameOf(name), sleep(clock, LIMIT_MS).then(() => name)])
}

/** As Python's socket.gethostbyaddr: the name of the address of the name. */
async function fullNameOf(name: string): Promise<string> {
  try {
    const { address } = await lookup(name)
    const found = await lookupService(address, 0)
    return isAnybody(found.hostname) ? name : found.hostname
  } catch {
    return name
  }
}

/** An address without a name is given back as itself; and every host is localhost. */
function isAnybody(name: string): boolean {
  return /^localhost\b|^[\d.]+$|:/.test(name)
}
