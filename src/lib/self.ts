/** This process as others see it, where sera is a library: the process belongs to the program that uses it, and is only looked at. */

import { type Owner, ownerOf } from '../claims/owner.js'
import { maskWith } from '../masking/mask.js'

/** `label` stands for the command, which is otherwise what the process was started as. */
export function self(label?: string): Owner {
  return ownerOf(process.pid, label === undefined ? maskWith()(process.argv.slice(1)) : [label])
}
