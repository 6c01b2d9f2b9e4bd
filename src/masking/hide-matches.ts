/** Hides the matches of patterns in a command line. A match may begin in one word and end in another. */

interface WordRange {
  from: number
  to: number
}

/** Hides the first group of each match, or the whole match if there is no group. The patterns have the flags g and d. */
export function hideMatches(words: readonly string[], patterns: readonly RegExp[], hidden: string): string[] {
  return patterns.reduce<string[]>(
    (rest, pattern) => hideRanges(rest, rangesOf(rest.join(' '), pattern), hidden),
    [...words],
  )
}

function rangesOf(line: string, pattern: RegExp): WordRange[] {
  return [...line.matchAll(pattern)].flatMap(({ indices }) => {
    const [from, to] = indices?.[1] ?? indices?.[0] ?? [0, 0]
    return from < to ? [{ from, to }] : []
  })
}

/** The ranges are in order and do not overlap. */
function hideRanges(words: readonly string[], ranges: readonly WordRange[], hidden: string): string[] {
  if (ranges.length === 0) return [...words]
  let start = 0
  return words.map(word => {
    const first = start
    start += word.length + 1
    const mine = ranges.map(({ from, to }) => ({ from: from - first, to: to - first }))
    return mine
      .filter(({ from, to }) => from < word.length && to > 0)
      .reduceRight((rest, { from, to }) => rest.slice(0, Math.max(from, 0)) + hidden + rest.slice(to), word)
  })
}
