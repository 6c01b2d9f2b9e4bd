/**
 * The layers of src, in one place (`npm run lint` checks them, `npm run layers` draws them).
 * A room imports only rooms that stand before it in ROOMS. A path ending in / means the files directly in that folder.
 */
const ROOMS = [
  ...['src/', 'src/selector/', 'src/lockname/', 'src/masking/', 'src/config/', 'src/log/', 'src/child/', 'src/embedded/'],
  ...['src/claims/', 'src/primitives/', 'src/primitives/once/', 'src/primitives/rendezvous/'],
  ...['src/store/mysql/', 'src/store/schema/', 'src/store/tables/', 'src/store/get-lock/', 'src/store/'],
  ...['src/status/', 'src/lib/', 'src/pool-client/'],
  ...['src/gateway/log/', 'src/gateway/metrics/', 'src/gateway/pools/', 'src/gateway/http/', 'src/gateway/api/'],
  ...['src/gateway/page/', 'src/gateway/routes/', 'src/gateway/'],
  ...['src/cli/output/', 'src/cli/args/', 'src/run/', 'src/commands/', 'src/cli/completion/', 'src/cli/', 'src/main.ts'],
]

/** Rooms below that a room must not use all the same; its own files it may. */
const APART = [
  ['^src/(selector|lockname|masking)/', '^src/[^/]+/', 'it is pure, and knows errors only'],
  ['^src/(log|child|embedded)/', '^src/(log|child|embedded)/', 'the three do not know each other'],
  ['^src/(claims|primitives|store|status|lib|pool-client)/', '^src/(log|child|embedded)/', 'src/run joins locks, child and log'],
  ['^src/(gateway)/', '^src/(child|embedded)/', 'the gateway starts no process'],
  ['^src/(gateway/page)/', '^(?!src/gateway/page/|src/status/claim-text\\.ts$)', 'the page runs in a browser, and imports nothing else'],
  ['^src/(?:status/claim-text)\\.ts$', '.', 'a browser loads it'],
  ['^src/(?!gateway/page/)', '^src/gateway/page/', 'the page runs in a browser'],
]

/** Packages with one importer. */
const DOORS = [
  ['mysql2', '^src/store/mysql/'],
  ['child_process', '^src/(child|embedded)/'],
  ['winston(-syslog|-transport)?', '^src/log/'],
  ['yargs', '^src/cli/args/'],
  ['(hono|@hono/[^/]+|prom-client)', '^src/gateway/'],
]

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** The files of a room, without those of the rooms inside it. */
function filesOf(room) {
  const inner = ROOMS.filter(other => other !== room && other.startsWith(room)).map(other => other.slice(room.length))
  return inner.length === 0 ? `^${room}` : `^${room}(?!${inner.join('|')})`
}

module.exports = {
  forbidden: [
    ...ROOMS.slice(0, -1).map((room, i) =>
      error(`up-from-${room}`, 'imports go down only', { path: filesOf(room) }, { path: ROOMS.slice(i + 1).map(filesOf) }),
    ),
    ...APART.map(([from, to, why], i) => error(`apart-${i + 1}`, why, { path: from }, { path: to, ...(from.startsWith('^src/(?') ? {} : { pathNot: '^src/$1/' }) })),
    ...DOORS.map(([name, only]) => error(`door-of-${name}`, `only ${only}`, { path: '^src/', pathNot: only }, { path: `^(node_modules/)?${name}(/|$)` })),
    error('no-circle', 'no file imports itself by way of others', {}, { circular: true }),
    error('no-riddle', 'every import is a file or a package', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc', // TypeScript 7 has no API that this tool could use
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
}
