/** Measures text in terminal columns, cuts and pads it, and makes control characters harmless. */

/** Control characters become their pictures (␛); other invisible ones, and those that change direction, become `?`. */
export function harmless(text: string): string {
  return text.replace(NOT_SHOWN, character => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : '?'
  })
}

const NOT_SHOWN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu

/** The width in columns. Terminals differ on emoji made of several characters; this counts each of them. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += columnsOf(character)
  return width
}

/** @see https://www.unicode.org/reports/tr11/ */
function columnsOf(character: string): number {
  if (/^[\x20-\x7e]$/.test(character)) return 1
  if (NO_WIDTH.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** Without the variation selector FE0F: it can turn the character before it into a wide emoji. */
const NO_WIDTH = /^(?!\ufe0f)[\p{Mn}\p{Me}\p{Cf}]$/u

const WIDE = new RegExp(
  `^[${[
    '\\p{Emoji_Presentation}',
    '\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\ua960-\\ua97f\\uac00-\\ud7a3', // East Asia
    '\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6', // their compatibility forms
    '\\u{16fe0}-\\u{18cff}\\u{1b000}-\\u{1b2ff}\\u{20000}-\\u{3fffd}', // rare and old ones
    '\\u{1f300}-\\u{1f64f}\\u{1f680}-\\u{1f6ff}\\u{1f900}-\\u{1f9ff}\\u{1fa70}-\\u{1faff}', // emoji
  ].join('')}]$`,
  'u',
)

/** At most `width` columns; text that is cut ends in `…`. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let room = width - 1
  let kept = ''
  for (const character of text) {
    room -= columnsOf(character)
    if (room < 0) break
    kept += character
  }
  return width > 0 ? `${kept}…` : ''
}

/** Exactly `width` columns. */
export function filled(text: string, width: number): string {
  const short = cut(text, width)
  return `${short}${' '.repeat(width - widthOf(short))}`
}
