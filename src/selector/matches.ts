/** Whether labels match a selector. */
import type { Labels } from './labels.js'
import { HIGHEST_NUMBER, type Requirement, type Selector } from './selector.js'

export function matches(selector: Selector, labels: Labels): boolean {
  return unmet(selector, labels) === undefined
}

/** The first requirement that the labels do not meet. */
export function unmet(selector: Selector, labels: Labels): Requirement | undefined {
  return selector.find(requirement => !meets(requirement, labels.get(requirement.key)))
}

/** `value`: undefined where the key is absent. */
function meets({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case '=':
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case '>':
    case '<':
      return compares(operator, numberOf(value), BigInt(values[0] as string))
  }
}

function compares(operator: '>' | '<', value: bigint | undefined, than: bigint): boolean {
  if (value === undefined) return false
  return operator === '>' ? value > than : value < than
}

/** Undefined if the value is not a number: it is then neither greater nor less. */
function numberOf(value: string | undefined): bigint | undefined {
  if (value === undefined || !/^\d+$/.test(value)) return undefined
  const number = BigInt(value)
  return number <= HIGHEST_NUMBER ? number : undefined
}
