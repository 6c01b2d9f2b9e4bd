// a test compares it with package.json, which the single binary does not have beside it
/** The version of sera. */
export const VERSION: string = '2.0.0'
