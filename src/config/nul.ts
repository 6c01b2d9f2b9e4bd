/** Whether a NUL character is anywhere in a value read from outside: C programs would see the text end there. */
export function containsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  return typeof value === 'object' && value !== null && Object.values(value).some(containsNul)
}
