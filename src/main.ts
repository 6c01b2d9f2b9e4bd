/** The program: `bin/sera` on Node and the single binary both start here. */
import { run } from './cli.js'
import { processHost } from './process-host.js'

process.exit(await run(process.argv.slice(2), processHost()))
