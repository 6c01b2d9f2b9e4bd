/** A constant, because the single binary has no package.json. A test compares the two. */
export const VERSION = '2.0.0'
