import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bundleTests } from './bundle.ts'

/** Run once before all test files: a single PostgreSQL for all of them, which ends with the run, however that ends. */
const run = process.ppid
const keeper = fork(fileURLToPath(new URL('./keep-cluster.ts', import.meta.url)), [String(run)], {
  detached: true,
  execArgv: ['--import=tsx'],
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
})
const said = Promise.race([once(keeper, 'message'), once(keeper, 'exit')])
// A file with a fault fails its own test, slowly: those of others run as they are.
await bundleTests(run).catch(() => console.error('the tests could not be bundled; each is transpiled by itself'))
if ((await said)[0] !== 'ready') throw new Error('the PostgreSQL of the tests did not start')
keeper.disconnect()
keeper.unref()
