/** The version of sera. A test compares it with package.json, which the single binary does not have beside it. */
export const VERSION: string = '2.0.0'
