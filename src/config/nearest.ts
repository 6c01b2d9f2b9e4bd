/** For "did you mean": the candidate within two typing errors of `word`, or undefined. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const distances = candidates.map(candidate => ({
    candidate,
    distance: editDistance(word.toLowerCase(), candidate.toLowerCase()),
  }))
  const best = distances.reduce((a, b) => (b.distance < a.distance ? b : a), { candidate: '', distance: Infinity })
  return best.distance <= Math.min(2, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined
}

/** The Levenshtein distance: the number of letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
