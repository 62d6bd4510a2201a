import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Run once before all test files: a single PostgreSQL for all of them, which ends with the run, however that ends. */
const keeper = fork(fileURLToPath(new URL('./keep-cluster.ts', import.meta.url)), [String(process.ppid)], {
  detached: true,
  execArgv: ['--import=tsx'],
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
})
const [said] = await Promise.race([once(keeper, 'message'), once(keeper, 'exit')])
if (said !== 'ready') throw new Error('the PostgreSQL of the tests did not start')
keeper.disconnect()
keeper.unref()
