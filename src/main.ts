/** The program: `bin/sera` on Node and the single binary both start here. */

import { processHost } from './cli/process-host.js'
import { run } from './cli/run-cli.js'

process.exit(await run(process.argv.slice(2), processHost()))
