/** Kinds of resources. The same name is another resource with each. */
export const KINDS = [
  'mutex',
  'rwlock',
  'semaphore',
  'counter',
  'barrier',
  'double-barrier',
  'gate',
  'rendezvous',
  'once',
  'pool',
] as const

export type Kind = (typeof KINDS)[number]
