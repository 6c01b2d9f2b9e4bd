/** Shared with the terminal. A browser gets the shared file itself under this name (`routes/page-files.ts`). */
export * from '../../status/claim-text.js'
