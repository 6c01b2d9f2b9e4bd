/** What the page shares with the terminal. A browser is served the shared file itself under this one's name (`page-files.ts`). */
export * from '../../status/claim-text.js'
