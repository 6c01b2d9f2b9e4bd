/** Held against package.json by a test; the single binary has no package.json beside it. */
export const VERSION = '2.0.0'
