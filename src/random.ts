/** Chance, which comes from outside as time does: a simulation hands down its own, seeded. */
import { randomBytes } from 'node:crypto'

export interface Random {
  /** 0 or more, and less than 1: for jitter. */
  number(): number
  /** As many random bytes, in hex: unique, and not to be guessed. */
  id(bytes: number): string
}

export const systemRandom: Random = {
  number: Math.random,
  id: bytes => randomBytes(bytes).toString('hex'),
}
