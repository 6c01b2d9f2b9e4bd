/** The full name of this host, from DNS or /etc/hosts. The Distributex client uses it, and so do allow-lists. */
import { lookup, lookupService } from 'node:dns/promises'
import { hostname } from 'node:os'
import { type Clock, sleep } from '../../clock.js'

/** A name server that is down must not delay a command longer. */
const LIMIT_MS = 2000

/** `web-1.example.org`; the short name if there is no full one, or no answer. */
export async function fullHostName(clock: Clock): Promise<string> {
  const name = hostname()
  return await Promise.race([fullNameOf(name), sleep(clock, LIMIT_MS).then(() => name)])
}

/** Like Python's socket.gethostbyaddr: resolves the name, and looks up the name of that address. */
async function fullNameOf(name: string): Promise<string> {
  try {
    const { address } = await lookup(name)
    const found = await lookupService(address, 0)
    return isUseless(found.hostname) ? name : found.hostname
  } catch {
    return name
  }
}

/** An address without a name comes back as itself, and `localhost` names every host. */
function isUseless(name: string): boolean {
  return /^localhost\b|^[\d.]+$|:/.test(name)
}
