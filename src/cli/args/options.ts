/** The options of one run: the flags that are not settings, checked. Their types follow from the table of flags. */
import type { Flags } from '../../config/resolve.js'
import type { Flag } from './flag.js'
import { FLAGS, type FlagValues, findFlag } from './flags.js'

type OptionFlag = Extract<(typeof FLAGS)[number], { read: unknown }>

/** `hold-at-least` is `holdAtLeastMs`. */
type Property<Of extends OptionFlag> = `${CamelCase<Of['name']>}${Of extends { unit: 'Ms' } ? 'Ms' : ''}`
type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name

type Value<Of extends OptionFlag> = ReturnType<Of['read']> | (Of extends { otherwise: unknown } ? never : undefined)

export type RunOptions = { [Of in OptionFlag as Property<Of>]: Value<Of> }

/** @throws SeraError usage */
export function runOptions(flags: FlagValues): RunOptions {
  const options: Record<string, unknown> = {}
  for (const flag of FLAGS) {
    if ('read' in flag) options[propertyOf(flag)] = optionOf(flag, flags[flag.name])
  }
  return options as RunOptions
}

function propertyOf({ name, unit }: Flag): string {
  return `${name.replace(/-./g, ([, letter = '']) => letter.toUpperCase())}${unit ?? ''}`
}

function optionOf({ name, read, otherwise }: Flag, given: string | boolean | undefined): unknown {
  return given === undefined ? otherwise : read?.(String(given), `--${name}`)
}

/** The flags that override settings, by the name of the setting. */
export function settingFlags(flags: FlagValues): Flags {
  const given = Object.entries(flags).map(([name, value]) => [findFlag(name)?.setting, value])
  return Object.fromEntries(given.filter(([name]) => name !== undefined))
}
