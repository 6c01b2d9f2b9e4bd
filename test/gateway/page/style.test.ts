/** The contrast of the status page's colours, in light and dark. */
import { readFileSync } from 'node:fs'
import test from 'ava'

const PAIR = /--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g
const COLOURS = new Map(
  [...readFileSync('src/gateway/page/style.css', 'utf8').matchAll(PAIR)].map(([, name, ...pair]) => [name, pair]),
)

/** @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** WCAG asks for 4.5 for text and 3 for graphics. */
const NEEDED = { text: 4.5, faint: 4.5, 'waits-text': 4.5, failed: 4.5, held: 4.5, waits: 3, met: 3, closed: 3 }

for (const [at, theme] of ['light', 'dark'].entries()) {
  test(`every colour has enough contrast (${theme})`, t => {
    for (const [name, needed] of Object.entries(NEEDED)) {
      for (const ground of ['ground', 'surface', 'raised']) {
        const reached = contrast(COLOURS.get(name)?.[at] ?? '', COLOURS.get(ground)?.[at] ?? '')
        t.true(reached >= needed, `${name} on ${ground}: ${reached.toFixed(2)}`)
      }
    }
  })
}
