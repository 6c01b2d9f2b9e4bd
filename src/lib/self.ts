/** This process as its claims describe it. The library only reads `process`, which belongs to the program. */

import { type Owner, ownerOf } from '../claims/owner.js'
import { maskWith } from '../masking/mask.js'

/** `label` replaces the command line, which is the default. */
export function self(label?: string): Owner {
  return ownerOf(process.pid, label === undefined ? maskWith()(process.argv.slice(1)) : [label])
}
